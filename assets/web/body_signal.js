// From the joints of a stretch of time to numbers that tell of its movement alone; see app/counting/body_signal.py.
import { constants } from "./constants.js";
import { gaussian, mean, sum } from "./numbers.js";

// The movement of a stretch of time. frames: [[seconds, joints (25 x 3), seen (25)]], two or more, with the shoulders
// seen. Returns { times: K seconds, same and against: K rows of F metres, height: K metres }.
export function bodySignal(frames) {
  const { HZ, KNOWN, JOINTS, SIDES, MIRROR, MIRROR_SIGN_3 } = constants.body_signal;
  const firstS = frames[0][0], moments = Math.trunc((frames.at(-1)[0] - firstS) * HZ) + 1;
  const times = Array.from({ length: moments }, (_, k) => firstS + k / HZ);
  const known = [...JOINTS.keys()].filter((v) => sum(frames.map(([, , seen]) => seen[v])) / frames.length >= KNOWN);
  const rows = times.map(() => new Float64Array(3 * JOINTS.length));
  for (const v of known) readJoint(v, frames, times, rows);
  const height = rows.map((row) => mean(known.map((v) => row[3 * v + 1])));
  face(rows, SIDES);
  const same = [], against = [], mirrored = new Float64Array(rows[0].length);
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      mirrored[i] = row[3 * MIRROR[Math.floor(i / 3)] + (i % 3)] * MIRROR_SIGN_3[i % 3];
    }
    same.push(half(row, mirrored, 1));
    against.push(half(row, mirrored, -1));
  }
  return { times, same, against, height };
}

// Puts a joint about the shoulders into each row, read between the frames that show it and smoothed.
function readJoint(v, frames, times, rows) {
  const { SIGMA_S } = constants.body_signal, { CENTRE } = constants.skeleton;
  const there = frames.filter(([, , seen]) => seen[v]), last = there.length - 1;
  const about = there.map(([, at]) => [0, 1, 2].map((i) => Math.fround(at[3 * v + i] - at[3 * CENTRE + i])));
  gaussian(SIGMA_S, SIGMA_S / 1.5, 3).forEach((weight, s) => {
    let at = 0; // moments and frames both go on in time
    times.forEach((timeS, k) => {
      const x = timeS + ((s - 3) * SIGMA_S) / 1.5;
      while (at < last - 1 && there[at + 1][0] <= x) at += 1;
      const next = Math.min(at + 1, last), stepS = there[next][0] - there[at][0];
      const share = stepS > 0 ? Math.min(Math.max((x - there[at][0]) / stepS, 0), 1) : 0;
      for (let i = 0; i < 3; i++) {
        rows[k][3 * v + i] += weight * (about[at][i] + share * (about[next][i] - about[at][i]));
      }
    });
  });
}

// Turns the joints about the vertical until the body's left and right lie along x, by its mean over all moments.
function face(rows, sides) {
  const wide = (row, axis) => sum(sides.map(([left, right]) => row[3 * right + axis] - row[3 * left + axis]));
  const across = (axis) => mean(rows.map((row) => wide(row, axis)));
  const angle = Math.atan2(across(2), across(0)), c = Math.cos(angle), s = Math.sin(angle);
  for (const row of rows) {
    for (let i = 0; i < row.length; i += 3) {
      const x = row[i], z = row[i + 2];
      row[i] = c * x + s * z;
      row[i + 2] = c * z - s * x;
    }
  }
}

// The features of one side and the middle, of a row and of what its mirror image adds; the other side says the same.
function half(row, mirrored, sign) {
  const { LEFT, MIDDLE } = constants.body_signal, joints = [...LEFT, ...MIDDLE];
  const out = new Float64Array(3 * joints.length);
  for (let i = 0; i < out.length; i++) {
    const at = 3 * joints[Math.floor(i / 3)] + (i % 3), scale = i < 3 * LEFT.length ? Math.SQRT2 : 1;
    out[i] = (scale * (row[at] + sign * mirrored[at])) / 2;
  }
  return out;
}
