// The examples of an action: one for each repetition in a recording; see app/teach/examples.py. A recording is the
// poses of one person that show the shoulders: [{ timeS, pose, joints, seen }].
import { constants } from "./constants.js";
import { Motion } from "./motion.js";
import { linspace, quantile } from "./numbers.js";
import { bridge } from "./skeleton.js";
import { areaOf, distinct } from "./tracker.js";

// A reason why a recording teaches nothing, as a sentence that says what to do.
export class TeachError extends Error {}

// One person's movement, of the poses [{ timeS, pose }] that show the shoulders; it may be empty.
export function shownIn(poses) {
  const found = poses.map(({ timeS, pose }) => ({ timeS, pose: { ...pose, timeS }, ...bridge(pose) }));
  return found.filter(({ seen }) => seen[constants.skeleton.CENTRE]);
}

// The recording of the one person in some frames [{ timeS, poses }]; a body that was found twice counts once.
export function recordingOf(frames) {
  const { CROWD, LEAST_SHOWN, LEAST_SEEN_S } = constants["app.teach.examples"], nearest = [];
  let crowded = 0;
  for (const { timeS, poses } of frames) {
    const bodies = distinct(poses);
    if (bodies.length > 1) crowded += 1;
    if (!bodies.length) continue;
    nearest.push({ timeS, pose: bodies.reduce((best, one) => (areaOf(one) > areaOf(best) ? one : best)) });
  }
  const found = shownIn(nearest);
  if (crowded > CROWD * frames.length) {
    throw new TeachError("two people are in view: record the action again, alone before the camera");
  }
  if (frames.length && found.length < LEAST_SHOWN * frames.length) {
    throw new TeachError("nobody is in view most of the time: cut out the part that shows the action");
  }
  if (found.length < 2 || found.at(-1).timeS - found[0].timeS < LEAST_SEEN_S) {
    throw new TeachError("nobody was in view long enough: show shoulders, arms and hips, and record again");
  }
  return found;
}

// [start, end] of each repetition in a recording, seconds: movement between moments of stillness. A longer movement
// without stillness is cut into equal parts of up to `longestS`; a recording without any movement likewise, as a whole.
export function repetitionsOf(recording, longestS) {
  const { LEAST_MPS, OF_FASTEST, STILL_S, LEAST_S } = constants["app.teach.examples"];
  const startS = recording[0].timeS, endS = recording.at(-1).timeS, motion = new Motion(endS - startS + 1);
  for (const { timeS, joints, seen } of recording) motion.push(timeS, joints, seen);
  const [times, speeds] = motion.speeds(startS, endS);
  const least = Math.max(LEAST_MPS, OF_FASTEST * quantile(speeds, 0.95)), runs = [];
  times.forEach((timeS, k) => {
    if (speeds[k] < least) return;
    if (!runs.length || timeS - runs.at(-1)[1] > STILL_S) runs.push([timeS, timeS]);
    runs.at(-1)[1] = timeS;
  });
  const found = runs.filter(([from, to]) => to - from >= LEAST_S);
  return (found.length ? found : [[startS, endS]]).flatMap(([from, to]) => partsOf(from, to, longestS));
}

function partsOf(startS, endS, longestS) {
  const edges = linspace(startS, endS, 2 + Math.max(0, Math.ceil((endS - startS) / longestS - 0.25) - 1));
  return edges.slice(1).map((edge, i) => [edges[i], edge]);
}
