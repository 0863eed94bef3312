// The answer to a picture as the page draws it, where the browser itself made it; see app/page/answer.py.
import { constants } from "../web/constants.js";
import { Decision } from "../web/decision.js";
import { round } from "../web/numbers.js";

const MOST = 32_767;
const to = (digits) => (number) => Number(number.toFixed(digits));

// Numbers as wire.js unpacks them: base64 of little-endian int16, in units of `step`.
function pack(numbers, step) {
  const bytes = new Uint8Array(2 * numbers.length), view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => view.setInt16(2 * i, Math.min(MOST, Math.max(-MOST, round(number / step))), true));
  return btoa(String.fromCharCode(...bytes));
}

function packedPose({ image, visibility }) {
  const points = Array.from(visibility, (seen, l) => [image[3 * l], image[3 * l + 1], seen]).flat();
  return pack(points, constants["app.page.wire"].POSE_STEP);
}

const personJson = ({ person, main, pose, label, count }) => ({ id: person, main, pose: packedPose(pose), label, count });

// [number within the session, person, label, start s, end s, score, count or null, the rest of what a file has of it]
export function eventJson([number, { person, label, startS, endS, score, count, top3, modalityScores, repetitionsS }]) {
  const modalities = Object.entries(modalityScores).map(([name, value]) => [name, to(4)(value)]);
  const more = {
    top3: top3.map(([name, value]) => [name, to(4)(value)]), modality_scores: Object.fromEntries(modalities),
    repetitions: repetitionsS.map(to(3)),
  };
  return [number, person, label, to(3)(startS), to(3)(endS), to(4)(score), count, more];
}

// Every second frame of a window of 25 joints, including the newest.
export function windowJson(joints) {
  const every = constants.answer.SEES_EVERY, size = 75, frames = joints.length / size, kept = [];
  for (let t = frames - 1; t >= 0; t -= every) kept.unshift(joints.subarray(size * t, size * (t + 1)));
  return { frames: kept.length, joints: pack(kept.flatMap((frame) => [...frame]), constants["app.page.wire"].JOINT_STEP) };
}

// An action goes on for as long as its score allows, though another may be a little likelier by then.
function scoresJson({ fused, modality, label }, { labels, modalities }) {
  if (!fused || !modality) return { top: [], modalities: [] };
  const first = (c) => Number(labels[c] !== label);
  const best = [...labels.keys()].sort((a, b) => first(a) - first(b) || fused[b] - fused[a]).slice(0, constants.answer.TOP);
  return {
    top: best.map((c) => [labels[c], to(3)(fused[c])]),
    modalities: modalities.map((_, m) => to(3)(modality[m * labels.length + best[0]])),
  };
}

// answer: of ActionStream; told: [[number, event]] that are new enough; sees: the main person's window or null; ms: what
// the picture took; recording: see markRecording of stage.js.
export function answerJson(answer, { session, model, sensitivity, told, sees, ms, recording }) {
  const asked = answer.label ?? answer.closest?.[0] ?? "";
  const threshold = to(3)(new Decision(model.labels, model.thresholds, sensitivity).enterOf(asked));
  return {
    s: session, t: to(3)(answer.timeS), people: answer.people, note: answer.note,
    persons: answer.persons.filter(({ pose }) => pose).map(personJson),
    label: answer.label, score: to(3)(answer.score), count: answer.count, threshold,
    closest: answer.closest && [answer.closest[0], to(3)(answer.closest[1]), threshold],
    ...scoresJson(answer, model),
    events: told.map(eventJson), sees: sees && windowJson(sees), recording, ms: to(1)(ms),
  };
}
