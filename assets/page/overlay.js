// People over a picture: each one's skeleton, number and action, on a canvas above the camera or the recording.
import { byId } from "./dom.js";
import { personName } from "./names.js";
import { settings } from "./settings.js";

const LEFT = "#2dd4bf", RIGHT = "#fbbf24", MIDDLE = "#f8fafc", SHADE = "rgba(8, 20, 26, 0.5)";
const JOINTS = [11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28];
const [NOSE, LEFT_EAR, RIGHT_EAR, LEFT_SHOULDER, RIGHT_SHOULDER] = [0, 7, 8, 11, 12];

// Odd BlazePose numbers from 11 on are the actor's left, even ones the right; below 11 is the face.
const side = (a, b) => (a % 2 !== b % 2 ? MIDDLE : a % 2 ? LEFT : RIGHT);

// Where the points of a pose lie on a canvas of w x h.
function places(pose, w, h, mirrored) {
  return {
    x: (i) => (mirrored ? 1 - pose[3 * i] : pose[3 * i]) * w,
    y: (i) => pose[3 * i + 1] * h,
    seen: (i) => pose[3 * i + 2] >= settings.seen_from, // the model takes no others for seen either
  };
}

// A ring for the head: between the ears, as wide as they are apart or, from the side, as the shoulders suggest.
function head({ x, y }) {
  const ears = Math.hypot(x(LEFT_EAR) - x(RIGHT_EAR), y(LEFT_EAR) - y(RIGHT_EAR));
  const shoulders = Math.hypot(x(LEFT_SHOULDER) - x(RIGHT_SHOULDER), y(LEFT_SHOULDER) - y(RIGHT_SHOULDER));
  const radius = Math.max(ears * 0.72, shoulders * 0.22);
  return { cx: (x(LEFT_EAR) + x(RIGHT_EAR)) / 2, cy: (y(LEFT_EAR) + y(RIGHT_EAR)) / 2, radius };
}

function strokes(pen, lines, at, unit, ink) {
  pen.lineWidth = unit;
  for (const [a, b] of lines) {
    pen.strokeStyle = ink(a, b);
    pen.beginPath();
    pen.moveTo(at.x(a), at.y(a));
    pen.lineTo(at.x(b), at.y(b));
    pen.stroke();
  }
}

function skeleton(pen, at, unit, main, tint) {
  const lines = settings.lines.filter(([a, b]) => a > 10 && at.seen(a) && at.seen(b));
  strokes(pen, lines, at, unit * 3, () => SHADE);
  strokes(pen, lines, at, unit * 1.5, main ? side : () => tint);
  if (at.seen(NOSE)) {
    const { cx, cy, radius } = head(at);
    for (const [width, ink] of [[unit * 2.8, SHADE], [unit * 1.4, main ? MIDDLE : tint]]) {
      Object.assign(pen, { lineWidth: width, strokeStyle: ink });
      pen.beginPath();
      pen.arc(cx, cy, radius, 0, 2 * Math.PI);
      pen.stroke();
    }
  }
  if (!main) return;
  pen.fillStyle = "#ffffff";
  for (const i of JOINTS) {
    if (!at.seen(i)) continue;
    pen.beginPath();
    pen.arc(at.x(i), at.y(i), unit * 1.5, 0, 2 * Math.PI);
    pen.fill();
  }
}

// The number, unless alone, and the action above the head, kept inside the picture.
function sign(pen, at, person, alone, size, w) {
  const { cx, cy, radius } = head(at);
  const name = alone ? "" : personName(person.id), text = person.text || "";
  if (!name && !text) return;
  pen.textBaseline = "middle";
  pen.font = `700 ${size}px system-ui, sans-serif`;
  const first = pen.measureText(name).width;
  pen.font = `600 ${size}px system-ui, sans-serif`;
  const gap = name && text ? size * 0.5 : 0, second = gap + pen.measureText(text).width;
  const width = first + second + size * 1.1, height = size * 1.75;
  const left = Math.min(Math.max(2, cx - width / 2), w - width - 2);
  const top = Math.max(2, cy - radius * 1.35 - height - 2);
  pen.fillStyle = person.tint;
  pen.beginPath();
  pen.roundRect(left, top, width, height, height / 2);
  pen.fill();
  pen.fillStyle = "#ffffff";
  pen.fillText(text, left + size * 0.55 + first + gap, top + height / 2 + 1);
  pen.font = `700 ${size}px system-ui, sans-serif`;
  pen.fillText(name, left + size * 0.55, top + height / 2 + 1);
}

// People: {id, main, points (33 x 3), text, tint}; those in front, and so the main one, are drawn last. Each has a number
// if they are named.
export function drawPeople(canvas, people, mirrored, named = people.length > 1) {
  const pen = canvas.getContext("2d"), w = canvas.width, h = canvas.height;
  pen.clearRect(0, 0, w, h);
  pen.lineCap = "round";
  const unit = Math.max(1, Math.min(w, h * 1.4) / 270), ordered = [...people].sort((a, b) => a.main - b.main);
  const placed = ordered.map((person) => [person, places(person.points, w, h, mirrored)]);
  for (const [person, at] of placed) skeleton(pen, at, person.main ? unit : unit * 0.75, person.main, person.tint);
  const size = Math.max(11 * (window.devicePixelRatio || 1), h / 34);
  for (const [person, at] of placed) sign(pen, at, person, !named, person.main ? size * 1.15 : size, w);
}

// A canvas of its own over an element, as large as it is shown.
export function overlay(over, id, width, height) {
  let canvas = byId(id);
  if (!canvas || canvas.parentElement !== over.parentElement) {
    canvas?.remove();
    canvas = document.createElement("canvas");
    canvas.id = id;
    canvas.className = "overlay";
    canvas.setAttribute("aria-hidden", "true");
    over.parentElement.appendChild(canvas);
  }
  const dense = Math.min(2, window.devicePixelRatio || 1);
  const w = Math.round(width * dense), h = Math.round(height * dense);
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  return canvas;
}
