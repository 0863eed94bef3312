// Small skeletons, of classes in the About tab and on the start card, and of what was taught, moving while they can be
// seen. A canvas brings its motion along in data-joints, or names actions in data-labels, which it shows in turn.
import { byId, calm, say } from "./dom.js";
import { drawFigure } from "./figure.js";
import { word } from "./names.js";
import { settings } from "./settings.js";
import { unpack } from "./wire.js";

const DRAW_MS = 66, YAW = 0.45, REST_S = 0.6; // the last pose stays a moment before the motion begins again
const TURN_S = 3.5; // of one action among several: its 2.9 seconds and the rest
const own = new WeakMap(), fetched = new Map(); // clips by their canvas, and by label; null while they are on the way
const seen = new Set();
let playing = !calm.matches, drawn = 0, start = performance.now();

const clipFrom = ({ joints, frames, fps, ground, mirrored }) => ({
  joints: unpack(joints, settings.steps.joint), count: Number(frames), fps: Number(fps),
  ground: ground !== undefined, mirrored: Boolean(mirrored),
});

async function load(label) {
  fetched.set(label, null);
  const answer = await fetch(new URL(`./motions/${encodeURIComponent(label)}.json`, import.meta.url)).catch(() => null);
  if (answer?.ok) fetched.set(label, clipFrom(await answer.json()));
}

function clipOf(canvas, seconds) {
  if (canvas.dataset.joints) {
    if (!own.has(canvas)) own.set(canvas, clipFrom(canvas.dataset));
    return own.get(canvas);
  }
  const labels = canvas.dataset.labels.split(" ");
  const label = labels[playing ? Math.floor(seconds / TURN_S) % labels.length : 0];
  for (const each of labels) if (!fetched.has(each)) load(each);
  if (fetched.get(label) && canvas.dataset.says) say(canvas.dataset.says, word(label));
  return fetched.get(label);
}

function draw(canvas, seconds) {
  const clip = clipOf(canvas, seconds);
  if (!clip) return;
  const length = (clip.count - 1) / clip.fps;
  const at = Math.min(length, seconds % (length + REST_S)) * clip.fps;
  drawFigure(canvas, clip, playing ? at : clip.count / 2, YAW, false);
}

function frame(now) {
  if (!seen.size) return;
  requestAnimationFrame(frame);
  if (now - drawn < DRAW_MS) return;
  drawn = now;
  for (const canvas of seen) draw(canvas, Math.max(0, now - start) / 1000);
}

const watcher = new IntersectionObserver((entries) => {
  const idle = !seen.size;
  for (const { target, isIntersecting } of entries) seen[isIntersecting ? "add" : "delete"](target);
  if (idle && seen.size) requestAnimationFrame(frame);
});

function find() {
  for (const canvas of document.querySelectorAll("canvas.motion:not([data-watched])")) {
    canvas.dataset.watched = "";
    watcher.observe(canvas);
  }
  const button = byId("motions-play");
  if (button && !playing && button.textContent === "Pause") show(button);
}

function show(button) {
  button.textContent = playing ? "Pause" : "Play";
}

find();
new MutationObserver(find).observe(document, { childList: true, subtree: true });
document.addEventListener("click", (event) => {
  const button = event.target.closest("#motions-play");
  if (!button) return;
  playing = !playing;
  start = performance.now();
  show(button);
});
