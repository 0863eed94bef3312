// A person whom the stream follows: the ring of their poses, when a window is due, and the decision on its scores; see
// app/stream/person.py and app/stream/window.py.
import { constants } from "./constants.js";
import { Counter } from "./counter.js";
import { Decision } from "./decision.js";
import { Timeline } from "./events.js";
import { Motion } from "./motion.js";
import { bridge } from "./skeleton.js";

// The poses of a person as the graph takes them.
export function graphInputs(poses, endS) {
  const landmarks = new Float32Array(99 * poses.length), visibility = new Float32Array(33 * poses.length);
  poses.forEach((pose, n) => {
    landmarks.set(pose.world, 99 * n);
    visibility.set(pose.visibility, 33 * n);
  });
  return { landmarks, visibility, times: Float64Array.from(poses, ({ timeS }) => timeS), end: Float64Array.of(endS) };
}

export class Person {
  #ring = []; // the last poses that show the shoulders
  #keepS;
  #hopS;
  #motion;
  #counter = new Counter();
  #timeline;

  // model: recogniser.json, or a taught model (taught_model.js).
  constructor(number, model, hopS, sensitivity = 0.5) {
    [this.number, this.windowS, this.#keepS, this.#hopS] = [number, model.window_s, model.keep_s, hopS];
    this.pose = null; // in the newest frame, null while out of sight
    this.segment = null; // the current stretch of time in sight, null between two
    this.count = null; // how often the current action was repeated so far, null where it is not counted
    this.#motion = new Motion(model.window_s + 2 * constants.events.SETTLE_S);
    this.#timeline = new Timeline(number, model.labels, model.modalities, this.#motion, this.#counter);
    this.decision = new Decision(model.labels, model.thresholds, sensitivity);
  }

  // Adds the pose of one frame; one without shoulders is left out. A new segment keeps step with the anchor of others
  // in sight, so that windows are due together.
  see(timeS, pose, anchorS = null) {
    const { joints, seen } = bridge(pose);
    if (!seen[constants.skeleton.CENTRE]) return;
    this.#ring.push({ ...pose, timeS });
    while (this.#ring[0].timeS < timeS - this.#keepS) this.#ring.shift();
    this.segment ??= {
      sinceS: timeS, seenS: timeS, hops: 0,
      anchorS: anchorS === null ? timeS : timeS - ((timeS - anchorS) % this.#hopS),
    };
    this.segment.seenS = timeS;
    this.#motion.push(timeS, joints, seen);
    this.#counter.push(timeS, joints, seen);
  }

  // Whether the current segment's person has been out of sight for too long.
  isGone(timeS) {
    return this.segment !== null && timeS - this.segment.seenS > constants.person.GAP_S;
  }

  // The window that ends at the newest multiple of the hop, if it was not returned before: { person, segment, endS }
  // and the graph's inputs but `starts`. Windows thus end at the same times whatever the camera's rate.
  due() {
    const { segment } = this, hops = Math.trunc((segment.seenS - segment.anchorS) / this.#hopS + 1e-6);
    if (hops <= segment.hops) return null;
    segment.hops = hops;
    if (this.#ring.at(-1).timeS - this.#ring[0].timeS < constants.window.LEAST_SPAN_S) return null;
    const endS = segment.anchorS + hops * this.#hopS;
    return { person: this.number, segment, endS, ...graphInputs(this.#ring, endS) };
  }

  // Adds the scores { fused, modality } of a window that was due, and returns the events that are certain now.
  take(endS, scores) {
    const { segment } = this;
    const momentS = this.#motion.moment(Math.max(segment.sinceS, endS - this.windowS), endS);
    const ended = this.decision.update(endS, momentS, scores);
    const events = this.#timeline.step(endS, ended, this.decision.current, segment.sinceS, this.windowS);
    this.count = this.#counted();
    return events;
  }

  #counted() {
    const { current, label } = this.decision, { sinceS, seenS } = this.segment;
    if (!current || label === null) return null;
    return this.#counter.count(label, current.firstS, this.#timeline.startOf(current, sinceS, this.windowS), seenS);
  }

  // Ends the segment, forgets its poses and returns its last events.
  end() {
    const { sinceS, seenS } = this.segment;
    const events = this.#timeline.finish(this.decision.close(), sinceS, seenS, this.windowS);
    this.segment = this.count = null;
    this.#ring = [];
    this.#motion.clear();
    this.#counter.clear();
    return events;
  }
}
