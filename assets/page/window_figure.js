// The Live tab's figure: the main person's newest window, played as it goes on, turned by hand or swaying by itself.
// It is drawn along with the people over the picture, so that the browser puts the page together once for both; by
// itself while no answer comes.
import { byId, calm } from "./dom.js";
import { drawFigure } from "./figure.js";
import { settings } from "./settings.js";
import { mirrored } from "./stage.js";
import { unpack } from "./wire.js";

const DRAW_MS = 50, ALONE_MS = 150, BEHIND_S = 0.25; // a window comes every 0.2 s: so much later, there is one to draw
let clip = null, came = 0; // what is shown, and when it came
let turned = 0, touched = false, held = null; // by hand
let drawn = 0, alone = 0; // when it was drawn; the timer of the next time

export function moveFigure() {
  const now = performance.now();
  if (!clip || now - drawn < DRAW_MS) return;
  drawn = now;
  clearTimeout(alone);
  alone = setTimeout(moveFigure, ALONE_MS);
  const rate = (clip.count - 1) / settings.window;
  const at = clip.count - 1 + rate * ((now - came) / 1000 - BEHIND_S);
  const sway = calm.matches || touched ? 0 : 0.5 * Math.sin(now / 2600);
  drawFigure(byId("figure"), clip, Math.max(0, Math.min(clip.count - 1, at)), turned + sway, true);
}

// The window that an answer brings, null for none.
export function showWindow(sees) {
  const canvas = byId("figure");
  byId("unseen").hidden = Boolean(sees);
  if (!sees) {
    clip = null;
    canvas?.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
    return;
  }
  const joints = unpack(sees.joints, settings.steps.joint);
  clip = { joints, count: sees.frames, ground: true, mirrored: mirrored() };
  came = performance.now();
  moveFigure();
}

document.addEventListener("pointerdown", (event) => {
  if (event.target.id !== "figure") return;
  touched = true;
  held = { x: event.clientX, turned };
  event.target.setPointerCapture(event.pointerId);
});
document.addEventListener("pointermove", (event) => {
  if (!held) return;
  turned = held.turned + (event.clientX - held.x) / 80;
  moveFigure();
});
for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => { held = null; });
document.addEventListener("keydown", (event) => {
  const way = { ArrowLeft: -0.2, ArrowRight: 0.2 }[event.key];
  if (event.target.id !== "figure" || !way) return;
  touched = true;
  turned += way;
  event.preventDefault();
});
