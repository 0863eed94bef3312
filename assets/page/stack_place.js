// Calls a function from the one of a few places on the stack at which it is quickest.
//
// Compiled WebAssembly keeps numbers of its inner loops on the stack, aligned to 8 bytes. Where one of 16 bytes lies
// across the edge of a memory page, some processors take twice as long for the whole loop. Where the edge falls changes
// while the browser compiles, for the frames below grow or shrink. Arguments that nobody reads move a call away from it.
import { median } from "../web/numbers.js";

const MOVES = [0, 64, 128].map((many) => new Array(many)); // arguments of 8 bytes: more than a loop's numbers take
const FIRST = 20, USUAL = 200; // calls until the first round of trials, while much is compiled, and until the others
const TRIALS = 3; // of each place in a round
const LAST = 5; // calls that tell how long it takes now
const SLOWER = 1.25; // than after the last round: time for another; a place quicker by this is taken

export class StackPlace {
  #place = 0;
  #left = FIRST;
  #usual = Infinity; // ms after the last round
  #last = []; // ms of the last calls
  #round = null; // ms of the trials of a round, place after place

  get place() {
    return this.#place;
  }

  // What the function gives; it gets arguments that it should not read.
  call(work) {
    const place = this.#round ? this.#round.length % MOVES.length : this.#place, start = performance.now();
    let ms = Infinity; // where it fails
    try {
      const value = Reflect.apply(work, null, MOVES[place]);
      ms = performance.now() - start;
      return value;
    } finally {
      this.#took(ms);
    }
  }

  #took(ms) {
    if (this.#round) {
      this.#round.push(ms);
      if (this.#round.length === TRIALS * MOVES.length) this.#choose();
      return;
    }
    this.#last = [...this.#last, ms].slice(-LAST);
    this.#left -= 1;
    const isSlower = this.#last.length === LAST && median(this.#last) > SLOWER * this.#usual;
    if (isSlower || !this.#left) this.#round = [];
  }

  #choose() {
    const usual = MOVES.map((_, place) => median(this.#round.filter((_, k) => k % MOVES.length === place)));
    const best = usual.indexOf(Math.min(...usual));
    if (usual[this.#place] > SLOWER * usual[best]) this.#place = best;
    [this.#usual, this.#left, this.#last, this.#round] = [usual[this.#place], USUAL, [], null];
  }
}
