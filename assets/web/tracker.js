// The tracker of people: each keeps a number from frame to frame, through crossings and short absences. It is that of
// app/pose/tracker.py. A pose here is { timeS, world, image, visibility }: Float32Arrays of 33 x 3 metres, of 33 x 3
// fractions of the frame, and of 33.
import { constants } from "./constants.js";

const LANDMARKS = 33;

// The box around a body: left, top, right, bottom as fractions of the frame.
export function boxOf({ image }) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let l = 0; l < LANDMARKS; l++) {
    left = Math.min(left, image[3 * l]);
    right = Math.max(right, image[3 * l]);
    top = Math.min(top, image[3 * l + 1]);
    bottom = Math.max(bottom, image[3 * l + 1]);
  }
  return [left, top, right, bottom];
}

export function areaOf(pose) {
  const [left, top, right, bottom] = boxOf(pose);
  return (right - left) * (bottom - top);
}

// The middle of the trunk, which moves with the person and not with their arms.
function middleOf({ image }) {
  const { TORSO } = constants.tracker;
  const at = [0, 0];
  for (const l of TORSO) for (const axis of [0, 1]) at[axis] += image[3 * l + axis] / TORSO.length;
  return at;
}

// The object keypoint similarity of a pose and another one that has moved since, in [0, 1].
function similarity(before, moved, pose, area, wider) {
  const { SIGMA_L } = constants.tracker;
  let all = 0, alike = 0;
  for (let l = 0; l < LANDMARKS; l++) {
    const x = before.image[3 * l] + moved[0] - pose.image[3 * l];
    const y = before.image[3 * l + 1] + moved[1] - pose.image[3 * l + 1];
    const spread = 2 * SIGMA_L[l] + wider;
    const weight = Math.min(pose.visibility[l], before.visibility[l]);
    all += weight;
    alike += weight * Math.exp(-(x * x + y * y) / (2 * Math.max(area, 1e-9) * spread ** 2));
  }
  return alike / Math.max(all, 1e-9);
}

class Followed {
  constructor(number, timeS, pose) {
    [this.number, this.seenS, this.pose, this.velocity] = [number, timeS, pose, [0, 0]];
  }

  see(timeS, pose) {
    const stepS = timeS - this.seenS, now = middleOf(pose), then = middleOf(this.pose);
    const share = 1 - Math.exp(-stepS / constants.tracker.SETTLE_S);
    this.velocity = this.velocity.map((speed, axis) => speed + share * ((now[axis] - then[axis]) / stepS - speed));
    [this.seenS, this.pose] = [timeS, pose];
  }

  // How well a pose fits this person: the similarity, or a number below LEAST_OKS by place and size, or 0.
  fit(timeS, pose) {
    const { LEAST_OKS, FRESH_S, DRIFT_A_S, REACH, REACH_A_S, RESIZE } = constants.tracker;
    const awayS = timeS - this.seenS, moved = this.velocity.map((speed) => speed * awayS);
    const area = areaOf(pose), own = areaOf(this.pose);
    const alike = similarity(this.pose, moved, pose, Math.sqrt(area * own), DRIFT_A_S * awayS);
    if (alike >= LEAST_OKS) return LEAST_OKS + (alike - LEAST_OKS) / (1 + awayS / FRESH_S);
    const reach = Math.sqrt(Math.max(own, 1e-9)) * (REACH + REACH_A_S * awayS);
    const now = middleOf(pose), then = middleOf(this.pose);
    const far = Math.hypot(then[0] + moved[0] - now[0], then[1] + moved[1] - now[1]) / reach;
    const sameSize = own / RESIZE <= area && area <= own * RESIZE;
    return far < 1 && sameSize ? LEAST_OKS * (1 - far) : 0;
  }
}

export class People {
  #people = [];
  #next = 0;

  // Numbers of the people in sight, or out of it for at most PATIENCE_S.
  get known() {
    return this.#people.map(({ number }) => number);
  }

  // Gives the poses of one frame to people: a Map from number to pose. Time increases; the largest poses count.
  update(timeS, poses) {
    const { MOST_PEOPLE, PATIENCE_S } = constants.tracker;
    this.#people = this.#people.filter(({ seenS }) => timeS - seenS <= PATIENCE_S);
    const found = [...poses].sort((a, b) => areaOf(b) - areaOf(a)).slice(0, MOST_PEOPLE);
    const pairs = bestPairs(this.#people.map((person) => found.map((pose) => person.fit(timeS, pose))), found.length);
    for (const [p, q] of pairs) this.#people[p].see(timeS, found[q]);
    const taken = new Set(pairs.map(([, q]) => q));
    found.forEach((pose, q) => {
      if (!taken.has(q)) this.#people.push(new Followed(this.#next++, timeS, pose));
    });
    this.#people = this.#people.sort((a, b) => b.seenS - a.seenS).slice(0, 2 * MOST_PEOPLE);
    return new Map(this.#people.filter(({ seenS }) => seenS === timeS).map(({ number, pose }) => [number, pose]));
  }
}

// The pairs [p, q], with each p and q at most once, of the largest sum of fits; a fit of 0 is no pair.
export function bestPairs(fits, poses) {
  let bestSum = 0, best = [];
  const goOn = (q, total, pairs) => {
    if (q === poses) {
      if (total > bestSum) [bestSum, best] = [total, pairs];
      return;
    }
    for (let p = 0; p < fits.length; p++) {
      if (fits[p][q] > 0 && !pairs.some(([used]) => used === p)) goOn(q + 1, total + fits[p][q], [...pairs, [p, q]]);
    }
    goOn(q + 1, total, pairs);
  };
  goOn(0, 0, []);
  return best;
}

// The poses without those that were given twice for one body.
export function distinct(poses) {
  const kept = [];
  for (const pose of poses) {
    if (kept.every((other) => apart(pose, other) > constants.tracker.SAME_BODY)) kept.push(pose);
  }
  return kept;
}

// The mean distance of their landmarks, in sides of a square of the same area as a body's box.
function apart(a, b) {
  let gap = 0;
  for (let l = 0; l < LANDMARKS; l++) {
    gap += Math.hypot(a.image[3 * l] - b.image[3 * l], a.image[3 * l + 1] - b.image[3 * l + 1]) / LANDMARKS;
  }
  return gap / Math.sqrt(Math.max(areaOf(a), 1e-9));
}

// How many people the landmarker should look for in the next frame, as app/pose/landmarker.py plans it: one that
// follows only those in view is faster, and from time to time the one for everybody looks for more.
export class LookPlan {
  #lookS = -Infinity;
  #inView = 0;
  #look = true;

  constructor(most = constants.tracker.MOST_PEOPLE) {
    this.most = most;
  }

  // People to look for at a time; tell the number that was found to `found` before the next frame.
  next(timeS) {
    this.#look = timeS >= this.#lookS;
    return this.#look ? this.most : this.#inView;
  }

  found(timeS, people) {
    if (this.#look && people) {
      [this.#lookS, this.#inView] = [timeS + constants.landmarker.LOOK_EVERY_S, Math.max(people, this.#inView)];
    } else if (people < this.#inView || !people) {
      [this.#lookS, this.#inView] = [-Infinity, people];
    }
  }
}
