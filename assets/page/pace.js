// How large the pictures are that are sent: smaller ones where the line is slow, larger ones again where it has room.
const SIZES = [ // the longer side at most, pixels, and the quality of the JPEG
  { side: 1280, quality: 0.8 }, // up to here the landmarker sees no difference
  { side: 480, quality: 0.75 },
  { side: 320, quality: 0.65 },
  { side: 224, quality: 0.55 },
];
const SETTLE_MS = 3000; // in which a size shows what it brings
const FAST = 12; // answers a second from which on a larger size is tried
const TRIAL_MS = 20_000; // for so long it must have been fast; twice as long after each trial that failed

// The size of a round of pictures, which `look` changes.
export class Pace {
  constructor() {
    Object.assign(this, { place: 0, since: -Infinity, heldAt: -Infinity, wait: TRIAL_MS, raised: false });
  }

  get size() {
    return SIZES[this.place];
  }

  go(place, now) {
    this.raised = place < this.place;
    [this.place, this.since] = [place, now];
  }

  // Where too little gets through, or a picture was too large.
  smaller(now) {
    this.heldAt = now;
    if (now - this.since < SETTLE_MS || this.place === SIZES.length - 1) return;
    if (this.raised) this.wait *= 2;
    this.go(this.place + 1, now);
  }

  // Where answers come, so many a second.
  larger(rate, now) {
    if (rate < FAST) this.heldAt = now;
    if (this.place && now - Math.max(this.since, this.heldAt) > this.wait) this.go(this.place - 1, now);
  }
}
