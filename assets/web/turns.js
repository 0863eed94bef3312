// The turning points of a signal, whatever small wavering lies between; see app/counting/turns.py.
import { constants } from "./constants.js";
import { median } from "./numbers.js";

// The places of the turning points of a signal, in turn lows and highs, at least `depth` apart in value.
export function turns(signal, depth) {
  const found = [];
  let low = 0, high = 0;
  let way = 0; // 1: rising, -1: falling, 0: not known yet
  for (const k of bends(signal)) {
    const value = signal[k];
    if (value > signal[high]) high = k;
    if (value < signal[low]) low = k;
    const apart = signal[high] - signal[low] >= depth;
    if (way >= 0 && signal[high] - value >= depth) {
      found.push(...(way === 0 && low < high && apart ? [low, high] : [high]));
      [way, low] = [-1, k];
    } else if (way <= 0 && value - signal[low] >= depth) {
      found.push(...(way === 0 && high < low && apart ? [high, low] : [low]));
      [way, high] = [1, k];
    }
  }
  if (way) found.push(way > 0 ? high : low);
  return found;
}

// How far the signal goes between turning points.
export const swingsOf = (signal, at) => at.slice(1).map((k, i) => Math.abs(signal[k] - signal[at[i]]));

// How far a signal goes from one turning point to the next, as a rule: the median of the large swings.
export function typicalSwing(signal) {
  const { RIPPLE, LARGE } = constants.turns;
  let [lowest, highest] = [Infinity, -Infinity];
  for (const value of signal) [lowest, highest] = [Math.min(lowest, value), Math.max(highest, value)];
  const swings = swingsOf(signal, turns(signal, RIPPLE * (highest - lowest))).sort((a, b) => b - a);
  if (!swings.length) return highest - lowest;
  const least = LARGE * swings[Math.min(1, swings.length - 1)];
  return median(swings.filter((swing) => swing >= least));
}

// The places at which a signal changes its direction, with its ends: no others can be turning points.
function bends(signal) {
  const at = [0];
  const step = (k) => Math.sign(signal[k + 1] - signal[k]);
  for (let k = 1; k < signal.length - 1; k++) if (step(k) !== step(k - 1)) at.push(k);
  at.push(signal.length - 1);
  return at;
}
