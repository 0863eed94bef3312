// Small sums over arrays of numbers, as numpy does them.

export const sum = (values) => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

export const mean = (values) => sum(values) / values.length;

// To the nearest whole number; halves go to the even one, as in Python.
export function round(value) {
  const low = Math.floor(value), rest = value - low;
  if (rest !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

export const clip = (value, low, high) => Math.min(Math.max(value, low), high);

// The value below which a share of them lies, between two of them by a straight line.
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const at = share * (sorted.length - 1), low = Math.floor(at), high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

export const median = (values) => quantile(values, 0.5);

// The place of the largest, the first of several.
export function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

// A line through (at, values) read at x; beyond its ends it is level. `at` increases.
export function interpolate(x, at, values) {
  const last = at.length - 1;
  if (x <= at[0]) return values[0];
  if (x >= at[last]) return values[last];
  let low = 0, high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (at[middle] <= x) low = middle;
    else high = middle;
  }
  return values[low] + ((x - at[low]) / (at[high] - at[low])) * (values[high] - values[low]);
}

// `many` numbers from one to another, with both.
export function linspace(from, to, many) {
  const step = many > 1 ? (to - from) / (many - 1) : 0;
  return Array.from({ length: many }, (_, i) => (i === many - 1 && many > 1 ? to : from + i * step));
}

// The weights of a Gaussian about 0, at so many steps of a width on either side; they sum to 1.
export function gaussian(sigma, step, wide) {
  const weights = Array.from({ length: 2 * wide + 1 }, (_, i) => Math.exp(-0.5 * (((i - wide) * step) / sigma) ** 2));
  const all = sum(weights);
  return weights.map((weight) => weight / all);
}

// "1 frame", "2 frames"
export const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
