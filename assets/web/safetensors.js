// Files of safetensors: a small JSON about arrays of numbers, then the numbers.
const SIZES = { F64: 8, F32: 4, F16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1 };

// Reads a file: { tensors: { name: { shape, values } }, metadata }. Throws where it makes no sense. Values are a
// Float64Array, Float32Array (also of 16 bits) or whole numbers in an Int32Array.
export function readSafetensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true)), start = 8 + length;
  if (!(start <= bytes.length)) throw new RangeError("cut short");
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(entries)) {
    const many = shape.reduce((a, b) => a * b, 1), whole = shape.every((n) => Number.isSafeInteger(n) && n >= 0);
    if (!whole || !(dtype in SIZES) || !(from >= 0) || to - from !== many * SIZES[dtype] || start + to > bytes.length) {
      throw new RangeError(`${name} makes no sense`);
    }
    tensors[name] = { shape, values: numbers(dtype, bytes.slice(start + from, start + to).buffer) };
  }
  return { tensors, metadata };
}

function numbers(dtype, buffer) {
  if (dtype === "F64") return new Float64Array(buffer);
  if (dtype === "F32") return new Float32Array(buffer);
  if (dtype === "F16") return Float32Array.from(new Uint16Array(buffer), fromHalf);
  if (dtype === "I64") return Int32Array.from(new BigInt64Array(buffer), Number);
  const kind = { I32: Int32Array, I16: Int16Array, I8: Int8Array, U8: Uint8Array }[dtype];
  return Int32Array.from(new kind(buffer));
}

// Writes a file of { name: { dtype, shape, values } }, the widest numbers first, and texts as metadata.
export function writeSafetensors(tensors, metadata) {
  const size = (name) => SIZES[tensors[name].dtype];
  const order = Object.keys(tensors).sort((a, b) => size(b) - size(a) || (a < b ? -1 : 1));
  const header = { __metadata__: metadata }, parts = [];
  let at = 0;
  for (const name of order) {
    const { dtype, shape, values } = tensors[name], bytes = coded(dtype, values);
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    parts.push(bytes);
    at += bytes.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header)), padded = 8 * Math.ceil(text.length / 8);
  const out = new Uint8Array(8 + padded + at).fill(0x20, 8, 8 + padded);
  new DataView(out.buffer).setBigUint64(0, BigInt(padded), true);
  out.set(text, 8);
  at = 8 + padded;
  for (const bytes of parts) {
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}

function coded(dtype, values) {
  const kind = { F64: Float64Array, F32: Float32Array, F16: Uint16Array, I16: Int16Array, U8: Uint8Array }[dtype];
  return new Uint8Array(kind.from(values, dtype === "F16" ? toHalf : Number).buffer);
}

export function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1, power = (bits >> 10) & 31, rest = bits & 1023;
  if (power === 0) return sign * rest * 2 ** -24;
  if (power === 31) return rest ? NaN : sign * Infinity;
  return sign * (1 + rest / 1024) * 2 ** (power - 15);
}

const float = new Float32Array(1), asWhole = new Uint32Array(float.buffer);

// The nearest half-precision number; halves go to the even one.
export function toHalf(value) {
  float[0] = value;
  const bits = asWhole[0], sign = (bits >>> 16) & 0x8000, size = Math.abs(float[0]);
  if (Number.isNaN(size)) return sign | 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const power = Math.max(Math.floor(Math.log2(size)), -14); // of the number that one step belongs to
  if (size < 2 ** -14) return sign | even(size * 2 ** 24);
  const exact = size < 2 ** power ? power - 1 : size >= 2 ** (power + 1) ? power + 1 : power; // log2 may round
  return sign | (((exact + 15) << 10) + even((size / 2 ** exact - 1) * 1024));
}

function even(value) {
  const low = Math.floor(value), rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
}
