// Packs of what was taught, to keep and to load, and the question before something is lost that is in none.
import { save } from "./dom.js";
import { isTaught } from "./taught.js";

export const MOST_FILE = 16 << 20; // bytes of a pack; the server takes no more
const LEARNT = ["stop", "delete", "fix"], KEPT = ["save", "load"]; // deeds after which the actions are in no file, and in one

let unsaved = false;

export function noteDeed(did) {
  if (LEARNT.includes(did)) unsaved = true;
  if (KEPT.includes(did)) unsaved = false;
}

export function savePack(file) {
  const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
  save("my.pack", "application/octet-stream", bytes);
}

// The file as base64, "" where it cannot be read.
export async function readPack(file) {
  const text = await new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => done("");
    reader.readAsDataURL(file);
  });
  return text.slice(text.indexOf(",") + 1);
}

window.addEventListener("beforeunload", (event) => {
  if (unsaved && isTaught()) event.preventDefault(); // the browser asks whether to leave
});
