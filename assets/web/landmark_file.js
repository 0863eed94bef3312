// The writer of recordings of landmarks (.ikem), which `classify` reads; see app/landmarks/codec.py and file_format.py.
// No picture is in it.
import { constants } from "./constants.js";
import { clip, round, sum } from "./numbers.js";

const MAGIC = "IKEMPOSE";

// A recording that is held in memory, some 8 kB a second of one person; settings: texts and numbers for its header.
export class LandmarkWriter {
  #held = []; // [microseconds, [[number, pose]]]
  #pieces = []; // promises of what is ready to be written
  #poses = 0;
  #lastS = -Infinity; // time of the newest frame, as given and as kept
  #lastUs = -Infinity;

  constructor(settings = {}) {
    const { VERSION } = constants.file_format;
    this.frames = 0;
    const header = new TextEncoder().encode(JSON.stringify({ version: VERSION, settings }));
    this.#pieces.push(Promise.resolve(piece("H", header)));
  }

  // Adds one frame, even if nobody is in it; people: [[number, pose]]. Throws a RangeError, and adds nothing, where time
  // does not increase or a number is not finite.
  add(timeS, people) {
    const isFinite = [[timeS], ...people.flatMap(([, { world, image, visibility }]) => [world, image, visibility])]
      .every((numbers) => Number.isFinite(sum(numbers)));
    if (!isFinite || timeS <= this.#lastS) throw new RangeError(`no frame of a recording: ${timeS} s after ${this.#lastS} s`);
    const { MOST_POSES, MOST_FRAMES } = constants.codec, us = Math.max(round(timeS * 1e6), this.#lastUs + 1);
    const whole = us - (this.#held[0]?.[0] ?? us) >= constants.writer.PIECE_S * 1e6;
    if (whole || this.#poses + people.length > MOST_POSES || this.#held.length >= MOST_FRAMES) this.#flush();
    this.#held.push([us, people]);
    this.#poses += people.length;
    [this.#lastS, this.#lastUs] = [timeS, us];
    this.frames += 1;
  }

  // Ends the recording, and gives a promise of the file's content: a Blob.
  async finish() {
    this.#flush();
    const end = new DataView(new ArrayBuffer(16));
    end.setBigUint64(0, BigInt(this.frames), true);
    end.setFloat64(8, this.frames ? this.#lastUs / 1e6 : 0, true);
    return new Blob([MAGIC, ...(await Promise.all(this.#pieces)), piece("E", new Uint8Array(end.buffer))]);
  }

  #flush() {
    if (this.#held.length) this.#pieces.push(deflated(packed(this.#held)).then((content) => piece("P", content)));
    [this.#held, this.#poses] = [[], 0];
  }
}

// Frames as bytes: differences to the same person's pose before, with high bytes and low bytes apart.
function packed(frames) {
  const { WORLD_M, IMAGE, BINS, LARGEST } = constants.codec, everybody = frames.flatMap(([, people]) => people);
  const order = [...everybody].sort(([a], [b]) => a - b); // each person's frames one after the other
  const steps = (size) => (value) => clip(round(Math.fround(value / Math.fround(size))), -LARGEST, LARGEST);
  const bin = (value) => Math.floor(Math.fround(clip(value, 0, 1) * BINS));
  const head = new DataView(new ArrayBuffer(8 + 9 * frames.length + 4 * everybody.length));
  head.setUint32(0, frames.length, true);
  head.setUint32(4, everybody.length, true);
  frames.forEach(([us, people], f) => {
    head.setBigInt64(8 + 8 * f, BigInt(us), true);
    head.setUint8(8 + 8 * frames.length + f, people.length);
  });
  everybody.forEach(([number], p) => head.setUint32(8 + 9 * frames.length + 4 * p, number, true));
  const columns = [
    planes(order, ({ world }) => world, 99, steps(WORLD_M)), planes(order, ({ image }) => image, 99, steps(IMAGE)),
    planes(order, ({ visibility }) => visibility, 33, bin),
  ];
  return new Blob([head.buffer, ...columns]);
}

// Each number's course in time as bytes, the high ones first. The sign goes into the lowest bit.
function planes(order, valuesOf, width, whole) {
  const many = order.length, out = new Uint8Array(2 * many * width);
  for (let k = 0; k < width; k++) {
    let before = 0, person = null;
    order.forEach(([number, pose], p) => {
      const value = whole(valuesOf(pose)[k]), step = ((value - (number === person ? before : 0)) << 16) >> 16;
      const folded = (step << 1) ^ (step >> 15), at = k * many + p;
      out[at] = (folded >> 8) & 255;
      out[many * width + at] = folded & 255;
      [before, person] = [value, number];
    });
  }
  return out;
}

async function deflated(blob) {
  const stream = blob.stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function piece(kind, content) {
  const out = new Uint8Array(9 + content.length), view = new DataView(out.buffer);
  out[0] = kind.charCodeAt(0);
  view.setUint32(1, content.length, true);
  view.setUint32(5, crc32(content), true);
  out.set(content, 9);
  return out;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let crc = n;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
