// The key to the way of the pictures: Gradio brings it when the page has loaded, and again when a server asks for it.
import { byId } from "./dom.js";

const KEY_MS = 3000; // in which a key comes, or it does not come at all
let key = "", visitor = "", asked = -Infinity; // visitor: Gradio's name of this tab
let alive = false; // whether the page's sign of life is this file's

export const keys = new EventTarget(); // "renewed": the server took another key of this page's
export const keyNow = () => key;

export function setKey(given, session) {
  const renewed = key && key !== given;
  [key, visitor] = [given, session || visitor];
  if (renewed) keys.dispatchEvent(new Event("renewed"));
}

// The page's sign of life, by which the server sees it leave. Gradio begins it once, so to a new server it is ours.
async function live() {
  if (alive || !visitor) return;
  alive = true;
  try {
    const { body } = await fetch(new URL(`./gradio_api/heartbeat/${encodeURIComponent(visitor)}`, document.baseURI));
    const reader = body.getReader();
    while (!(await reader.read()).done);
  } catch { /* the server ended: whoever asks for a key begins it again */ }
  alive = false;
}

// Asks for a key anew; while one is on its way, not again. A server that is not there must not be asked: Gradio would
// load the page again once it is.
export function renewKey(now = performance.now()) {
  if (now - asked < KEY_MS) return;
  asked = now;
  live();
  byId("renew")?.click();
}

// Whether a key is there within 3 seconds.
export async function keyInTime() {
  for (const end = performance.now() + KEY_MS; !key && performance.now() < end;) await new Promise((wake) => setTimeout(wake, 50));
  return Boolean(key);
}
