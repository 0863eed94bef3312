// Numbers as the server packs them: base64 of little-endian int16, in units of `step`.
export function unpack(text, step = 1) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)), view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => view.getInt16(2 * i, true) * step);
}
