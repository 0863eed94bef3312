// A reader of recordings of landmarks (.ikem) for tests, written from the format alone: see app/landmarks/file_format.py
// and codec.py. It checks nothing.

// {settings, frames: [[timeS, [[number, pose]]]], end: [frames, last s]} of a file's bytes; codec: its constants.
export async function readLandmarks(bytes, codec) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), found = { settings: null, frames: [], end: null };
  for (let at = 8, length = 0; at < bytes.length; at += 9 + length) {
    const kind = String.fromCharCode(bytes[at]);
    length = view.getUint32(at + 1, true);
    const content = bytes.subarray(at + 9, at + 9 + length);
    if (kind === "H") found.settings = JSON.parse(new TextDecoder().decode(content)).settings;
    if (kind === "P") found.frames.push(...unpacked(await inflated(content), codec));
    if (kind === "E") found.end = [Number(view.getBigUint64(at + 9, true)), view.getFloat64(at + 17, true)];
  }
  return found;
}

async function inflated(content) {
  const stream = new Blob([content]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function unpacked(raw, { WORLD_M, IMAGE, BINS }) {
  const view = new DataView(raw.buffer), frames = view.getUint32(0, true), poses = view.getUint32(4, true);
  const counts = 8 + 8 * frames, numbers = counts + frames, planes = numbers + 4 * poses;
  const who = Array.from({ length: poses }, (_, p) => view.getUint32(numbers + 4 * p, true));
  const order = [...who.keys()].sort((a, b) => who[a] - who[b] || a - b);
  const read = (from, width, valueOf) => undone(raw.subarray(from, from + 2 * poses * width), width, order, who, valueOf);
  const world = read(planes, 99, (steps) => steps * Math.fround(WORLD_M));
  const image = read(planes + 2 * 99 * poses, 99, (steps) => steps * Math.fround(IMAGE));
  const visibility = read(planes + 4 * 99 * poses, 33, (bin) => Math.min(1, (bin + 0.5) / BINS));
  let p = 0;
  return Array.from({ length: frames }, (_, f) => {
    const people = [];
    for (let k = raw[counts + f]; k > 0; k--, p++) {
      people.push([who[p], { world: world[p], image: image[p], visibility: visibility[p] }]);
    }
    return [Number(view.getBigInt64(8 + 8 * f, true)) / 1e6, people];
  });
}

// The numbers of each pose, in the file's order, from their courses in time: differences, the sign in the lowest bit,
// all high bytes before all low ones.
function undone(plane, width, order, who, valueOf) {
  const many = order.length, found = Array.from({ length: many }, () => new Float32Array(width));
  for (let k = 0; k < width; k++) {
    let value = 0, person = null;
    order.forEach((p, i) => {
      const folded = (plane[k * many + i] << 8) | plane[(width + k) * many + i], step = (folded >> 1) ^ -(folded & 1);
      value = (((who[p] === person ? value : 0) + step) << 16) >> 16;
      person = who[p];
      found[p][k] = valueOf(value);
    });
  }
  return found;
}
