// The events of one person: when each action took place, and which stretches are no event of their own; see
// app/stream/events.py.
import { constants } from "./constants.js";

// An event: { person, label, startS, endS, score, top3: [[label, score]], modalityScores: {name: score}, count,
// repetitionsS }; count is null where it is not counted.
export class Timeline {
  #waiting = null;
  #settled = null; // the current stretch, once its start is known
  #freeFromS = -Infinity; // the end of the last event

  constructor(person, labels, modalities, motion, counter) {
    Object.assign(this, { person, labels, modalities, motion, counter });
  }

  // What one window changed in the decision: its end, the stretch that ended before it, the current one, when the
  // person came into view, and a window's length. Returns the events that are certain now.
  step(timeS, ended, current, sinceS, windowS) {
    const events = [];
    if (ended) {
      this.#setStart(ended, sinceS, windowS);
      ended.endS = this.motion.end(ended.startS, ended.endS, timeS);
      events.push(...this.#add(ended));
    }
    if (current && current !== this.#settled && timeS - current.firstS >= constants.events.SETTLE_S) {
      this.#setStart(current, sinceS, windowS);
    }
    return [...events, ...this.#release(timeS, current)];
  }

  // All remaining events, because the person is gone since `untilS` or the stream is over.
  finish(ended, sinceS, untilS, windowS) {
    const events = [];
    if (ended) {
      this.#setStart(ended, sinceS, windowS);
      ended.endS = this.motion.end(ended.startS, ended.endS, untilS, true);
      events.push(...this.#add(ended));
    }
    return [...events, ...this.#give()];
  }

  // When the current stretch began; until that is known, the earliest moment that it is about.
  startOf(current, sinceS, windowS) {
    const startS = current === this.#settled ? current.startS : Math.max(sinceS, current.firstS - windowS);
    return Math.max(startS, this.#freeFromS, this.#waiting ? this.#waiting.endS : -Infinity);
  }

  #setStart(stretch, sinceS, windowS) {
    if (stretch === this.#settled) return;
    this.#settled = stretch;
    // The first window began when the person came into view: the action may have gone on ever since.
    const openEnded = stretch.firstS - sinceS < windowS;
    stretch.startS = this.motion.start(sinceS, stretch.startS, stretch.endS, openEnded);
  }

  // Holds an ended stretch back, and returns the one before it unless the two are one.
  #add(stretch) {
    const { LEAST_WINDOWS_S, JOIN_S } = constants.events, before = this.#waiting;
    if (stretch.lastS - stretch.firstS < LEAST_WINDOWS_S) return [];
    if (!before) {
      this.#waiting = stretch;
      return [];
    }
    if (stretch.label === before.label && stretch.startS - before.endS < JOIN_S) {
      before.join(stretch);
      return [];
    }
    if (same(before, stretch)) {
      this.#waiting = stretch.mass > before.mass ? stretch : before;
      return [];
    }
    return [...this.#give(stretch), ...this.#add(stretch)];
  }

  // The waiting stretch as an event as soon as nothing can change it.
  #release(timeS, current) {
    const { HOLD_S, JOIN_S } = constants.events, before = this.#waiting;
    if (!before) return [];
    if (!current) return timeS - before.lastS > HOLD_S ? this.#give() : [];
    if (current !== this.#settled) return [];
    const joins = current.label === before.label && current.startS - before.endS < JOIN_S;
    if (!joins && !same(before, current)) return this.#give(current);
    if (!joins && current.mass > before.mass) this.#waiting = null;
    return [];
  }

  // The waiting stretch as an event. If the stretch after it begins too early, both end in the middle.
  #give(after = null) {
    const stretch = this.#waiting;
    this.#waiting = null;
    if (!stretch) return [];
    if (after && after.startS < stretch.endS) stretch.endS = after.startS = (after.startS + stretch.endS) / 2;
    const startS = Math.max(stretch.startS, this.#freeFromS);
    if (stretch.endS - startS < constants.events.LEAST_EVENT_S) return [];
    this.#freeFromS = stretch.endS;
    return [this.#event(stretch, startS)];
  }

  #event(stretch, startS) {
    const fused = stretch.fused.map((score) => score / stretch.windows), label = this.labels[stretch.label];
    const best = [...fused.keys()].sort((a, b) => fused[b] - fused[a]).slice(0, 3);
    const counted = this.counter.counted(label, startS, stretch.endS);
    const ofModality = (m) => stretch.modality[m * this.labels.length + stretch.label] / stretch.windows;
    return {
      person: this.person, label, startS, endS: stretch.endS, score: fused[stretch.label],
      top3: best.map((c) => [this.labels[c], fused[c]]),
      modalityScores: Object.fromEntries(this.modalities.map((name, m) => [name, ofModality(m)])),
      count: counted ? counted.count : null, repetitionsS: counted ? counted.timesS : [],
    };
  }
}

// Whether two stretches lie on one movement.
function same(a, b) {
  const both = Math.min(a.endS, b.endS) - Math.max(a.startS, b.startS);
  return both > constants.events.SAME * Math.min(a.endS - a.startS, b.endS - b.startS);
}
