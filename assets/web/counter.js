// The counter of one person's repetitions, of one action after the other; see app/counting/counter.py and actions.py.
import { constants } from "./constants.js";
import { sum } from "./numbers.js";
import { repetitions } from "./repetitions.js";

// Whether an action, also one that somebody taught, is counted if it repeats.
export const isCounted = (label) => !constants.actions.ONCE.includes(label);

// From how many repetitions on their number is said.
export function leastOf(label) {
  const { STEPS, LEAST_STEPS, AT_ONCE, LEAST } = constants.actions;
  if (STEPS.includes(label)) return LEAST_STEPS;
  return AT_ONCE.includes(label) ? 1 : LEAST;
}

// Whether an action may be done in a position that one gets into first, as what somebody taught may be.
export const isInPosition = (label) => !constants.actions.FROM_STANDING.includes(label);

// How left and right move in an action: together, in turn, or not known.
export function sidesOf(label) {
  const { STEPS, BOTH_SIDES, IN_TURN, TOGETHER, FOUND_OUT } = constants.actions;
  if (STEPS.includes(label)) return IN_TURN;
  return BOTH_SIDES.includes(label) ? TOGETHER : FOUND_OUT;
}

// What is known of a stretch of one action.
class Run {
  constructor(label, startS) {
    [this.label, this.startS] = [label, startS];
    this.timesS = []; // its fixed repetitions, the last MOST_TIMES
    [this.number, this.untilS] = [0, -Infinity]; // how many are fixed, and up to when
    this.shown = 0; // the largest number that was found
    this.farS = []; // the far points of what was found last and is not fixed
  }

  // Fixes what was found up to a time: it does not change, whatever is found later.
  fix(found, beforeS) {
    const old = found.filter((timeS) => timeS <= beforeS), next = found.find((timeS) => timeS > beforeS);
    this.timesS = [...this.timesS, ...old].slice(-constants.counter.MOST_TIMES);
    this.number += old.length;
    // Found again, a repetition lies a little elsewhere: the border keeps away from those on both sides.
    this.untilS = next === undefined ? beforeS : ((old.at(-1) ?? beforeS) + next) / 2;
  }
}

const NO_SERIES = { label: "", endS: -Infinity, number: 0 };

export class Counter {
  #frames = []; // [seconds, joints, seen]
  #runs = new Map(); // by when they were first seen; those that are over wait to be told
  #series = NO_SERIES; // the same action several times in turn, with short pauses, of what was told
  #toldS = -Infinity; // the last far point of what was told

  // Adds one frame, with its shoulders seen; time increases.
  push(timeS, joints, seen) {
    const { NEXT_S, KEEP_S } = constants.counter;
    if (this.#frames.length && timeS - this.#frames.at(-1)[0] < NEXT_S) return;
    this.#frames.push([timeS, joints, seen]);
    while (this.#frames[0][0] < timeS - KEEP_S) this.#frames.shift();
  }

  clear() {
    [this.#frames, this.#series, this.#toldS] = [[], NO_SERIES, -Infinity];
    this.#runs.clear();
  }

  // How many repetitions an action that goes on has so far; null while that is not to be said. It never falls, and goes
  // on after a short pause. firstS tells this action from an earlier one: when it was first seen.
  count(label, firstS, startS, nowS) {
    const { FIX_AFTER_S, FIXED_S } = constants.counter;
    if (!isCounted(label)) return null;
    const run = this.#run(label, firstS, startS);
    const pairs = this.#pairs(label, startS, nowS, run.untilS), found = pairs.map(([, doneS]) => doneS);
    run.shown = Math.max(run.shown, run.number + found.length);
    if (nowS - Math.max(run.untilS, startS) > FIX_AFTER_S) run.fix(found, nowS - FIXED_S);
    run.farS = pairs.filter(([, doneS]) => doneS > run.untilS).map(([farS]) => farS);
    const number = run.shown + this.#before(run);
    return number >= leastOf(label) ? number : null;
  }

  // { count, timesS } of an action that is over, whose runs are forgotten; null if it has no repetitions to tell.
  counted(label, startS, endS) {
    const { EDGE_S, MOST_TIMES } = constants.counter;
    const runs = [...this.#runs.values()].filter((run) => run.startS < endS && run.number);
    for (const firstS of [...this.#runs.keys()]) if (firstS < endS) this.#runs.delete(firstS);
    if (!isCounted(label)) return null;
    const fixed = runs.flatMap((run) => run.timesS.filter((timeS) => timeS > startS - EDGE_S));
    const untilS = Math.max(-Infinity, ...runs.map((run) => run.untilS));
    const pairs = this.#pairs(label, startS, endS, untilS), found = pairs.map(([, doneS]) => doneS);
    this.#toldS = pairs.length ? pairs.at(-1)[0] : Math.max(this.#toldS, untilS);
    const number = sum(runs.map((run) => run.number - run.timesS.length)) + fixed.length + found.length;
    this.#series = { label, endS, number: number + this.#resumed(label, startS) };
    return number >= leastOf(label) ? { count: number, timesS: [...fixed, ...found].slice(-MOST_TIMES) } : null;
  }

  // What is known of the action that was first seen then; where it began may change once that is known.
  #run(label, firstS, startS) {
    let run = this.#runs.get(firstS);
    if (!run || (run.startS !== startS && !run.number)) {
      run = new Run(label, startS);
      this.#runs.set(firstS, run);
    }
    while (this.#runs.size > constants.counter.MOST_RUNS) this.#runs.delete(this.#runs.keys().next().value);
    return run;
  }

  // How many repetitions of the same action came shortly before a run.
  #before(run) {
    const all = [...this.#runs.values()].filter((other) => other.startS < run.startS);
    if (all.some((other) => other.label !== run.label && other.shown > 1)) return 0; // what flickers ends no series
    const waiting = all.filter((other) => other.label === run.label);
    // Runs reach back, and one that flickered may have found what the next one finds again: each counts once.
    const { LEAST_APART_S, EDGE_S } = constants.counter;
    const [fromS, toS] = [this.#toldS + LEAST_APART_S, run.startS - EDGE_S];
    const farS = waiting.flatMap((other) => other.farS.filter((atS) => fromS < atS && atS < toS)).sort((a, b) => a - b);
    const apart = farS.filter((atS, i) => !i || atS - farS[i - 1] > LEAST_APART_S).length;
    return sum(waiting.map((other) => other.number)) + apart + this.#resumed(run.label, run.startS);
  }

  // How many repetitions of the same action were told shortly before it began.
  #resumed(label, startS) {
    const resumes = this.#series.label === label && startS - this.#series.endS < constants.counter.RESUME_S;
    return resumes ? this.#series.number : 0;
  }

  // [far point, way back] of an action's repetitions, as far as its joints are kept. What was told before does not
  // count again, nor what is fixed up to a time.
  #pairs(label, startS, endS, untilS) {
    const { BEFORE_S, AFTER_S, EDGE_S, LEAST_APART_S } = constants.counter;
    const some = this.#frames.filter(([timeS]) => startS - BEFORE_S <= timeS && timeS <= endS + AFTER_S);
    const fromS = Math.max(startS - EDGE_S, this.#toldS + LEAST_APART_S);
    const actionS = isInPosition(label) ? [startS, endS] : null;
    const found = some.length ? repetitions(some, sidesOf(label), actionS) : [];
    return found.filter(([far, done]) => fromS <= far && far <= endS + EDGE_S && done > untilS);
  }
}
