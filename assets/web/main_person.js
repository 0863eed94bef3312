// The main person: the nearest of the people in view, chosen without flipping between two of about the same size; see
// app/stream/main_person.py.
import { constants } from "./constants.js";
import { areaOf } from "./tracker.js";

export class Nearest {
  #seenS = 0;
  #largerSinceS = null;

  constructor() {
    this.number = -1; // of the main person, -1 before the first
  }

  // The main person's number, given a Map of number to pose; the main one may be out of sight for a moment.
  choose(timeS, seen) {
    const { LARGER, STEADY_S } = constants.main_person;
    if (!seen.size) {
      this.#largerSinceS = null;
      return this.number;
    }
    let nearest = -1, largest = -Infinity;
    for (const [number, pose] of seen) {
      const area = areaOf(pose);
      if (area > largest) [nearest, largest] = [number, area];
    }
    if (!seen.has(this.number)) {
      this.#largerSinceS = null;
      if (this.number < 0 || timeS - this.#seenS > STEADY_S) this.#take(nearest);
    } else if (largest < LARGER * areaOf(seen.get(this.number))) {
      this.#largerSinceS = null;
    } else if (this.#largerSinceS === null) {
      this.#largerSinceS = timeS;
    } else if (timeS - this.#largerSinceS >= STEADY_S) {
      this.#take(nearest);
    }
    if (seen.has(this.number)) this.#seenS = timeS;
    return this.number;
  }

  #take(number) {
    [this.number, this.#largerSinceS] = [number, null];
  }
}

// The number of people found in a frame, in plain words.
export function notePeople(found) {
  if (found === 0) return "no person";
  return found === 1 ? "" : `${found} people: the nearest is shown large`;
}
