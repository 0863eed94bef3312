// In place of a recording that the browser cannot play: the skeletons alone, on a ground of the pictures' shape.
import { byId, calm } from "./dom.js";
import { overlay } from "./overlay.js";

let from = 0, since = 0; // the recording's moment, s, at a time of the page, ms

export const isUnplayable = () => Boolean(byId("clip")?.classList.contains("unplayable"));

export function playFrom(t) {
  [from, since] = [t, performance.now()];
}

// The moment to show of so many seconds: it goes round, or stands still for who wants no motion.
export function momentNow(seconds) {
  if (calm.matches || !seconds) return from;
  return (from + (performance.now() - since) / 1000) % seconds;
}

// A canvas for pictures of this size, null while there is no room for it.
export function standIn([width, height]) {
  const box = byId("clip"), scale = Math.min(box.clientWidth / width, box.clientHeight / height);
  if (!scale) return null;
  const [w, h] = [width * scale, height * scale];
  const canvas = overlay(box.firstElementChild, "clip-overlay", w, h);
  Object.assign(canvas.style, {
    left: `${(box.clientWidth - w) / 2}px`, top: `${(box.clientHeight - h) / 2}px`, width: `${w}px`, height: `${h}px`,
  });
  return canvas;
}
