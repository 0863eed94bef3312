// The decision: from the scores of windows to stretches of time in which one action goes on; see
// app/stream/decision.py. Scores are { fused: C numbers, modality: M x C numbers, row by row }.
import { constants } from "./constants.js";
import { argmax } from "./numbers.js";

// A run of windows in which one action is the current one.
export class Stretch {
  constructor(label, timeS, momentS, scores) {
    [this.label, this.windows] = [label, 0]; // the action's column, and the number of windows
    this.firstS = this.lastS = timeS; // ends of the first and of the last window
    this.startS = this.endS = momentS; // the earliest and the latest moment that the windows are about
    this.fused = new Float64Array(scores.fused.length); // sums of their scores
    this.modality = new Float64Array(scores.modality.length);
  }

  add(timeS, momentS, { fused, modality }) {
    this.windows += 1;
    [this.lastS, this.endS] = [timeS, Math.max(this.endS, momentS)];
    this.#sum(fused, modality);
  }

  // Merges another stretch into this one.
  join(other) {
    this.startS = Math.min(this.startS, other.startS);
    this.endS = Math.max(this.endS, other.endS);
    this.lastS = other.lastS;
    this.windows += other.windows;
    this.#sum(other.fused, other.modality);
  }

  #sum(fused, modality) {
    for (let c = 0; c < fused.length; c++) this.fused[c] += fused[c];
    for (let i = 0; i < modality.length; i++) this.modality[i] += modality[i];
  }

  // The evidence for the label: the sum of its scores.
  get mass() {
    return this.fused[this.label];
  }
}

// The state machine of one person's action. `sensitivity` in [0, 1] may be set at any time: 0.5 takes the thresholds as
// they are, 1 halves them, 0 doubles them.
export class Decision {
  #enter;
  #leave;
  #byLabel;
  #timeS = 0;

  constructor(labels, thresholds, sensitivity = 0.5) {
    const { IDLE, SILENT } = constants.labels;
    this.labels = labels;
    [this.#enter, this.#leave, this.#byLabel] = [thresholds.enter, thresholds.leave, thresholds.by_label ?? {}];
    this.idle = labels.indexOf(IDLE);
    this.silent = new Set(SILENT.map((label) => labels.indexOf(label)).filter((c) => c >= 0));
    this.sensitivity = sensitivity;
    this.reset();
  }

  reset() {
    this.fused = this.modality = null; // smoothed scores
    this.label = null; // the current action or "idle"; null if no action stands out
    this.current = null; // the stretch that goes on
    this.#timeS = 0;
  }

  get scale() {
    return 2 ** (1 - 2 * this.sensitivity);
  }

  #own(label) {
    return Object.hasOwn(this.#byLabel, label) ? this.#byLabel[label] : this.#enter;
  }

  // The smoothed score from which an action begins; "" stands for one without a score of its own.
  enterOf(label) {
    const enter = this.#own(label);
    return Math.min(enter * this.scale, Math.max(enter, constants.decision.HIGHEST));
  }

  // The smoothed score below which it ends.
  leaveOf(label) {
    return Math.min(this.#leave * (this.#own(label) / this.#enter) * this.scale, this.enterOf(label));
  }

  // The smoothed fused score of the label, 0 if there is none.
  get score() {
    return this.label === null || !this.fused ? 0 : this.fused[this.labels.indexOf(this.label)];
  }

  // [label, smoothed score] of the likeliest, "idle" and "other" too, while there are scores but no label.
  get closest() {
    if (this.label !== null || !this.fused) return null;
    const best = argmax(this.fused);
    return [this.labels[best], this.fused[best]];
  }

  // Adds the scores of one window that ends at timeS and is about momentS; returns the stretch that ended before it.
  update(timeS, momentS, scores) {
    this.#smooth(timeS, scores);
    const best = argmax(this.fused), ended = this.#end(best), sure = this.fused[best];
    if (!this.current && !this.silent.has(best) && sure >= this.enterOf(this.labels[best])) {
      this.current = new Stretch(best, timeS, momentS, scores);
    }
    if (this.current) {
      this.current.add(timeS, momentS, scores);
      this.label = this.labels[this.current.label];
    } else {
      this.label = best === this.idle && sure >= this.leaveOf("") ? constants.labels.IDLE : null;
    }
    return ended;
  }

  // Ends the current action and forgets the scores, because the person is gone or the stream is over.
  close() {
    const ended = this.current;
    this.reset();
    return ended;
  }

  #smooth(timeS, { fused, modality }) {
    const share = this.fused ? 1 - Math.exp(-(timeS - this.#timeS) / constants.decision.SMOOTHING_S) : 1;
    const mixed = (old, now) => Float64Array.from(now, (value, i) => (old ? old[i] + share * (value - old[i]) : value));
    this.fused = mixed(this.fused, fused);
    this.modality = mixed(this.modality, modality);
    this.#timeS = timeS;
  }

  // Ends the current action if it fell below its leaving score, or if another label (idle too) is sure and better.
  #end(best) {
    const { current } = this;
    if (!current) return null;
    const faded = this.fused[current.label] < this.leaveOf(this.labels[current.label]);
    const replaced = best !== current.label && this.fused[best] >= this.enterOf(this.labels[best]);
    if (!faded && !replaced) return null;
    this.current = null;
    return current;
  }
}
