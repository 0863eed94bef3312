// The motion of one person: how fast their body moves, and so where in a window a movement lies, starts and ends; see
// app/stream/motion.py.
import { constants } from "./constants.js";
import { gaussian, interpolate, median, quantile, round, sum } from "./numbers.js";

export class Motion {
  #frames = []; // [seconds, joints about the shoulders, seen]
  #at = []; // times of the speeds ...
  #speeds = []; // ... in m/s

  constructor(keepS) {
    this.keepS = keepS;
  }

  // Adds one frame, with its shoulders seen: joints (25 x 3 metres) and seen (25); time increases.
  push(timeS, joints, seen) {
    const { BASE_S, LONGEST_S } = constants.motion, { CENTRE } = constants.skeleton;
    const body = Float32Array.from(joints, (value, i) => value - joints[3 * CENTRE + (i % 3)]);
    while (this.#frames.length > 1 && this.#frames[1][0] <= timeS - BASE_S + 1e-6) this.#frames.shift();
    if (this.#frames.length) {
      const [beforeS, before, beforeSeen] = this.#frames[0];
      if (BASE_S / 2 < timeS - beforeS && timeS - beforeS < LONGEST_S) {
        this.#at.push((timeS + beforeS) / 2);
        this.#speeds.push(gone(body, before, seen, beforeSeen) / (timeS - beforeS));
      }
    }
    this.#frames.push([timeS, body, Uint8Array.from(seen)]);
    while (this.#at.length && this.#at[0] < timeS - this.keepS) {
      this.#at.shift();
      this.#speeds.shift();
    }
  }

  clear() {
    [this.#frames, this.#at, this.#speeds] = [[], [], []];
  }

  // The middle of the movement between two times, weighted by how much the speed exceeds its median.
  moment(fromS, toS) {
    const [times, speeds] = this.speeds(fromS, toS), usual = median(speeds);
    const weights = speeds.map((speed) => Math.max(speed - usual, 0) + 1e-3);
    return sum(weights.map((weight, k) => weight * times[k])) / sum(weights);
  }

  // Where the movement around `startS` begins, not before `earliestS`. Open-ended, it may have begun at any time since;
  // if no movement tells, it began then.
  start(earliestS, startS, endS, openEnded = false) {
    return -this.#edge(-1, -earliestS, startS, endS, openEnded);
  }

  end(startS, endS, latestS, openEnded = false) {
    return this.#edge(1, latestS, startS, endS, openEnded);
  }

  #edge(way, limit, startS, endS, openEnded) {
    const { REACH_S, BASE_S, LEAST_MPS, OF_PEAK } = constants.motion;
    const edge = way > 0 ? endS : -startS, reach = openEnded ? limit : Math.min(limit, edge + REACH_S);
    const [, speeds] = this.speeds(startS - BASE_S, endS + BASE_S);
    const least = Math.max(LEAST_MPS, OF_PEAK * quantile(speeds, 0.95));
    const inner = Math.max(edge - (endS - startS), edge - REACH_S);
    const after = this.#moving(way, edge, reach, least), joined = unbroken(after, edge);
    if (joined.length) return joined.at(-1);
    if (openEnded && !after.length) return limit;
    return this.#moving(way, inner, edge, least).at(-1) ?? edge;
  }

  // The moments of movement between two moments, in the order and sign of the direction.
  #moving(way, from, to, least) {
    if (to <= from) return [];
    const [times, speeds] = way > 0 ? this.speeds(from, to) : this.speeds(-to, -from);
    return times.filter((_, k) => speeds[k] >= least).map((timeS) => way * timeS).sort((a, b) => a - b);
  }

  // The times of a regular grid and the smoothed speed at each, in m/s; an unknown speed is 0.
  speeds(fromS, toS) {
    const { STEP_S, SIGMA_S } = constants.motion;
    const steps = Math.max(1, round((toS - fromS) / STEP_S));
    const times = Array.from({ length: steps }, (_, k) => fromS + ((k + 0.5) * (toS - fromS)) / steps);
    if (!this.#at.length) return [times, times.map(() => 0)];
    const wide = round((3 * SIGMA_S) / STEP_S), weights = gaussian(SIGMA_S, STEP_S, wide);
    const read = (timeS) =>
      sum(weights.map((weight, i) => weight * interpolate(timeS + (i - wide) * STEP_S, this.#at, this.#speeds)));
    return [times, times.map(read)];
  }
}

// How far the fastest joints that were seen in both frames have gone, metres.
function gone(body, before, seen, beforeSeen) {
  const { FASTEST } = constants.motion;
  const far = Array.from(seen, (there, v) => {
    if (!there || !beforeSeen[v]) return 0;
    const [x, y, z] = [0, 1, 2].map((axis) => body[3 * v + axis] - before[3 * v + axis]);
    return Math.sqrt(x * x + y * y + z * z);
  });
  return sum(far.sort((a, b) => b - a).slice(0, FASTEST)) / FASTEST;
}

// The moments from the edge up to the first long stillness.
function unbroken(moments, edge) {
  const stop = moments.findIndex((moment, i) => moment - (i ? moments[i - 1] : edge) > constants.motion.QUIET_S);
  return stop < 0 ? moments : moments.slice(0, stop);
}
