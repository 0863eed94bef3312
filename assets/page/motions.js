// Small skeletons, of each class in the About tab and of what was taught, moving while they can be seen.
import { byId, calm } from "./dom.js";
import { drawFigure } from "./figure.js";
import { settings } from "./settings.js";
import { unpack } from "./wire.js";

const DRAW_MS = 66, YAW = 0.45, REST_S = 0.6; // the last pose stays a moment before the motion begins again
const clips = new WeakMap(), seen = new Set();
let playing = !calm.matches, drawn = 0, start = performance.now();

function clipOf(canvas) {
  if (!clips.has(canvas)) {
    const { joints, frames, fps, ground, mirrored } = canvas.dataset;
    clips.set(canvas, {
      joints: unpack(joints, settings.steps.joint), count: Number(frames), fps: Number(fps),
      ground: ground !== undefined, mirrored: Boolean(mirrored),
    });
  }
  return clips.get(canvas);
}

function draw(canvas, seconds) {
  const clip = clipOf(canvas), length = (clip.count - 1) / clip.fps;
  const at = Math.min(length, seconds % (length + REST_S)) * clip.fps;
  drawFigure(canvas, clip, playing ? at : clip.count / 2, YAW, false);
}

function frame(now) {
  if (!seen.size) return;
  requestAnimationFrame(frame);
  if (now - drawn < DRAW_MS) return;
  drawn = now;
  for (const canvas of seen) draw(canvas, (now - start) / 1000);
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
