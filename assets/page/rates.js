// How many pictures and answers came a second lately, from counts of all of them.
const SPAN_MS = 3000;

export class Rates {
  constructor() {
    this.looks = []; // [ms, pictures, answers] of the last seconds
  }

  // The rates {pictures, answers} a second, null before enough time has gone by.
  look(now, pictures, answers) {
    this.looks.push([now, pictures, answers]);
    while (this.looks.length > 1 && this.looks[1][0] <= now - SPAN_MS) this.looks.shift();
    const [then, ...before] = this.looks[0], seconds = (now - then) / 1000;
    if (seconds * 1000 < SPAN_MS) return { pictures: null, answers: null };
    return { pictures: (pictures - before[0]) / seconds, answers: (answers - before[1]) / seconds };
  }
}
