// The strip: the last half minute of everybody in view, a lane for each, running to the left.
import { tint } from "./colours.js";
import { byId, sizeOf } from "./dom.js";
import { personName, word } from "./names.js";

const SPAN_S = 30, DRAW_MS = 100, LANE = 30, GUTTER = 84;
const lanes = new Map(); // person -> stretches {label, start, end} of what was shown of them, stream seconds
let drawn = 0, session = null, newest = 0; // session: the one that the lanes are of

function remember({ s, t, persons }) {
  if (s !== session) lanes.clear();
  [session, newest] = [s, t];
  for (const { id, label } of persons) {
    if (!lanes.has(id)) lanes.set(id, []);
    const stretches = lanes.get(id), last = stretches[stretches.length - 1];
    if (label && last && last.label === label && t - last.end < 1.2) last.end = t;
    else if (label) stretches.push({ label, start: t, end: t });
  }
  const here = new Set(persons.map(({ id }) => id));
  for (const [id, stretches] of lanes) {
    while (stretches.length && stretches[0].end < t - SPAN_S) stretches.shift();
    if (!stretches.length && !here.has(id)) lanes.delete(id);
  }
}

function paint(t) {
  const strip = byId("strip");
  const width = strip ? sizeOf(strip).w : 0;
  if (!width) return;
  const dense = window.devicePixelRatio || 1, rows = Math.max(1, lanes.size);
  const height = rows * LANE + 4, style = getComputedStyle(strip);
  if (strip.style.height !== `${height}px`) strip.style.height = `${height}px`;
  const [w, h] = [Math.round(width * dense), Math.round(height * dense)];
  if (strip.width !== w || strip.height !== h) Object.assign(strip, { width: w, height: h });
  const pen = strip.getContext("2d");
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = "600 13px system-ui, sans-serif";
  pen.textBaseline = "middle";
  [...lanes].sort(([a], [b]) => a - b).forEach(([person, stretches], row) => {
    const middle = row * LANE + LANE / 2 + 2;
    pen.fillStyle = style.getPropertyValue("color");
    pen.fillText(personName(person), 9, middle + 1);
    for (const { label, start, end } of stretches) lane(pen, label, start - t, end - t, width, middle);
  });
}

function lane(pen, label, from, to, width, middle) {
  const span = width - GUTTER, text = word(label);
  const left = GUTTER + Math.max(0, span * (1 + from / SPAN_S)), right = GUTTER + span * (1 + to / SPAN_S);
  pen.fillStyle = tint(label);
  pen.beginPath();
  pen.roundRect(left, middle - 12, Math.max(2, right - left - 1.5), 24, 6);
  pen.fill();
  pen.fillStyle = "#ffffff";
  if (pen.measureText(text).width + 14 < right - left) pen.fillText(text, left + 8, middle + 1);
}

export function clearStrip() {
  lanes.clear();
  paint(newest);
}

window.addEventListener("resize", () => paint(newest));

export function showOnStrip(answer, now) {
  remember(answer);
  if (now < drawn + DRAW_MS) return;
  drawn = now;
  paint(answer.t);
}
