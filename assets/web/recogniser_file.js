// The recogniser's two files, checked before anything is made of them: recogniser.json, and recogniser.onnx, which is
// whole if its hash is the one that the former gives. Each sentence of a RecogniserFileError is meant for the visitor.

const FORMAT = "ikem-live-web/1";
const AGAIN = "load the page again, and if that does not help, tell whoever runs it";

export class RecogniserFileError extends Error {}

// Returns the content of recogniser.json from its text.
export function cardOf(text) {
  let card;
  try {
    card = JSON.parse(text);
  } catch {
    throw new RecogniserFileError(`the model's description did not arrive whole: ${AGAIN}`);
  }
  if (card?.format !== FORMAT) {
    const kind = card?.format ?? "none";
    throw new RecogniserFileError(`the model is of another version than the page (${kind}, not ${FORMAT}): ${AGAIN}`);
  }
  return card;
}

// Returns the bytes of recogniser.onnx (an ArrayBuffer) if they are those that the card speaks of.
export async function wholeGraph(bytes, card) {
  if (bytes.byteLength !== card.bytes) {
    const [found, all] = [bytes.byteLength, card.bytes].map((size) => Math.round(size / 1000));
    throw new RecogniserFileError(`the model did not arrive whole (${found} of ${all} kB): ${AGAIN}`);
  }
  if (!globalThis.crypto?.subtle) return bytes; // without https a browser gives no hashes; the size has to do
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (sha256 !== card.sha256) throw new RecogniserFileError(`the model arrived damaged, or is another version's: ${AGAIN}`);
  return bytes;
}
