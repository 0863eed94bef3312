// The repetitions in a stretch of time: when a movement had gone out and come more than half of the way back; see
// app/counting/repetitions.py.
import { bodySignal } from "./body_signal.js";
import { constants } from "./constants.js";
import { principal } from "./linear.js";
import { clip, median, sum } from "./numbers.js";
import { swingsOf, turns, typicalSwing } from "./turns.js";

// [far point, more than half of the way back] of each repetition, seconds. frames: as bodySignal takes them; sides: "in
// turn" if they move against each other and each is to be counted, "together" if they never do, or "found out";
// actionS: [start, end] of an action that may be done in a position that one gets into, as a hand is raised to wave: if
// the movement in it repeats more often than all of it together, that is counted.
export function repetitions(frames, sides = constants.repetitions.FOUND_OUT, actionS = null) {
  const { LEAST_S } = constants.repetitions;
  if (frames.length < 3 || frames.at(-1)[0] - frames[0][0] < LEAST_S) return [];
  const signal = bodySignal(frames), all = found(signal, sides);
  if (!actionS) return all;
  const inside = found(inPosition(signal, ...actionS), sides);
  return inside.length > all.length ? inside : all;
}

// The part of a movement from when the body first is near its usual pose of an action until it last is.
function inPosition(signal, startS, endS) {
  const { same, against, times } = signal, during = times.map((timeS) => timeS >= startS && timeS <= endS);
  if (!during.includes(true)) return signal;
  const poses = same.map((row, k) => Float64Array.of(...row, ...against[k])), inside = (_, k) => during[k];
  const usual = usualOf(poses.filter(inside)), far = poses.map((pose) => distance(pose, usual));
  const most = constants.repetitions.NEAR * median(far.filter(inside));
  const near = [...far.keys()].filter((k) => far[k] <= most), part = (values) => values.slice(near[0], near.at(-1) + 1);
  return near.length ? Object.fromEntries(Object.entries(signal).map(([name, row]) => [name, part(row)])) : signal;
}

const usualOf = (poses) => poses[0].map((_, f) => median(poses.map((pose) => pose[f])));
const distance = (one, other) =>
  Math.sqrt(one.reduce((total, value, f) => total + (value - other[f]) ** 2, 0));

// [far point, way back] of each repetition of a movement, seconds.
function found(signal, sides) {
  const { LEAST_S, LEAST_M, IN_TURN, FOUND_OUT, AGAINST } = constants.repetitions;
  if (signal.times.length < LEAST_S * constants.body_signal.HZ) return [];
  const same = mostMoving(signal.same), against = mostMoving(signal.against);
  const inTurn = sides === IN_TURN ||
    (sides === FOUND_OUT && beats(against, same, AGAINST) && against.swing >= same.swing);
  const [chosen, poses] = inTurn ? [against, signal.against] : [same, signal.same];
  // What one side does alone is half in either part.
  if ((sides === FOUND_OUT ? Math.hypot(same.swing, against.swing) : chosen.swing) < LEAST_M) return [];
  const ways = inTurn ? [1, -1] : restsLow(chosen, signal) ? [1] : [-1];
  const places = ways.flatMap((way) => repeated(chosen.signal.map((value) => way * value), chosen.swing, poses));
  const column = (i) => places.map((pair) => pair[i]).sort((a, b) => a - b);
  const [far, done] = [column(0), column(1)];
  return far.map((k, i) => [signal.times[k], signal.times[done[i]]]);
}

// The movement along one direction of the pose space.
function direction(signal) {
  const { DEPTH, FEW } = constants.repetitions;
  const swing = typicalSwing(signal), at = turns(signal, DEPTH * swing), swings = swingsOf(signal, at);
  // How far it goes back and forth in all, less where it does so only a few times.
  return { signal, swing, turns: at, evidence: (sum(swings) * swings.length) / (swings.length + FEW) };
}

// The direction in which a body goes back and forth the most: the first principal one, unless a drift or a single large
// movement is larger than what repeats.
function mostMoving(poses) {
  const { DIRECTIONS, MORE } = constants.repetitions;
  const usual = new Float64Array(poses[0].length);
  for (const pose of poses) pose.forEach((value, f) => (usual[f] += value / poses.length));
  const rows = poses.map((pose) => pose.map((value, f) => value - usual[f]));
  const along = (way) => Float64Array.from(rows, (row) => row.reduce((total, value, f) => total + value * way[f], 0));
  const [first, ...others] = principal(rows, DIRECTIONS).map((way) => direction(along(way)));
  return others.reduce((best, other) => (beats(other, best, MORE) ? other : best), first);
}

// Whether a direction has so many times the evidence of another one, and is no mere tremor beside it.
function beats(one, other, times) {
  return one.evidence > times * other.evidence && one.swing >= constants.repetitions.SMALL * other.swing;
}

// Whether the rest is at the low end of a signal.
function restsLow({ signal, swing, turns: at }, { height }) {
  if (at.length < 2) return true;
  const first = signal[at[0]] > signal[at[1]] ? 1 : 0; // turning points from here on in twos are the low ones
  const lows = at.filter((_, i) => i % 2 === first), highs = at.filter((_, i) => i % 2 !== first);
  const of = (values, places) => median(places.map((k) => values[k]));
  const low = of(signal, lows), high = of(signal, highs), hang = of(height, highs) - of(height, lows);
  const vote = clip(hang / (constants.repetitions.HEIGHT * swing), -1, 1);
  return vote + 0.5 - clip((median(signal) - low) / (high - low), 0, 1) >= 0;
}

// The places [far point, half of the way back] of a signal that rises from its rest.
function repeated(values, swing, poses) {
  const { DEPTH, BACK, ALIKE } = constants.repetitions, at = turns(values, DEPTH * swing), found = [];
  for (let i = 0; i + 2 < at.length; i++) {
    const [start, top, end] = at.slice(i, i + 3);
    if (values[top] <= values[start]) continue;
    const half = values[top] - BACK * (values[top] - values[start]);
    for (let k = top; k <= end; k++) {
      if (values[k] <= half) {
        found.push([top, k]);
        break;
      }
    }
  }
  if (!found.length) return [];
  const usual = usualOf(found.map(([top]) => poses[top]));
  return found.filter(([top]) => distance(poses[top], usual) <= ALIKE * swing);
}
