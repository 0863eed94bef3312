// A skeleton in three dimensions on a small canvas: 25 joints in metres, seen from any side.
import { sizeOf } from "./dom.js";
import { settings } from "./settings.js";

const V = 25, HEAD = 3, FEET = [14, 15, 18, 19], TIPS = [7, 11, 15, 19];
const TALL_M = 2.25, WIDE_M = 1.9, PITCH = 0.16;
const LEFT = new Set([4, 5, 6, 7, 12, 13, 14, 15, 21, 22]), RIGHT = new Set([8, 9, 10, 11, 16, 17, 18, 19, 23, 24]);
const [SIN, COS] = [Math.sin(PITCH), Math.cos(PITCH)];

// One moment between two frames, feet on the ground: Float32Array of V x 3.
function moment(clip, at) {
  const low = Math.min(clip.count - 1, Math.max(0, Math.floor(at))), high = Math.min(clip.count - 1, low + 1);
  const share = Math.min(1, Math.max(0, at - low)), joints = new Float32Array(V * 3);
  for (let i = 0; i < V * 3; i++) {
    const a = clip.joints[low * V * 3 + i], b = clip.joints[high * V * 3 + i];
    joints[i] = a + share * (b - a);
  }
  if (clip.ground) {
    const floor = Math.min(...FEET.map((v) => joints[3 * v + 1]));
    for (let v = 0; v < V; v++) joints[3 * v + 1] -= floor;
  }
  return joints;
}

// The page's colours for each canvas, asked for once a second: asking makes the browser work out all of its style.
const NAMES = ["--track", "--accent", "--figure", "--figure-left", "--figure-right"];
const palettes = new WeakMap();
let inks = {}; // of the canvas that is drawn on
function dipInto(canvas) {
  const now = performance.now(), known = palettes.get(canvas);
  if (known && now < known.until) {
    inks = known.inks;
    return;
  }
  const style = getComputedStyle(canvas);
  inks = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(name)]));
  palettes.set(canvas, { inks, until: now + 1000 });
}

// Draws a clip {joints (T x 25 x 3), count, ground, mirrored} at a moment, seen from an angle.
export function drawFigure(canvas, clip, at, yaw, trails) {
  const dense = Math.min(2, window.devicePixelRatio || 1), { w, h } = sizeOf(canvas);
  if (!w || !h) return;
  const [W, H] = [Math.round(w * dense), Math.round(h * dense)];
  if (canvas.width !== W || canvas.height !== H) Object.assign(canvas, { width: W, height: H });
  dipInto(canvas);
  const pen = canvas.getContext("2d");
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  pen.clearRect(0, 0, w, h);
  pen.lineCap = pen.lineJoin = "round";
  const scale = Math.min(h / TALL_M, w / WIDE_M), sin = Math.sin(yaw), cos = Math.cos(yaw), turn = clip.mirrored ? 1 : -1;
  const place = (joints, v) => {
    const x = turn * joints[3 * v], y = joints[3 * v + 1], z = joints[3 * v + 2];
    const across = x * cos + z * sin, depth = z * cos - x * sin;
    return [w / 2 + scale * across, h * 0.93 - scale * (y * COS + depth * SIN * 0.6), depth];
  };
  ground(pen, w, h, scale);
  if (trails) trail(pen, clip, at, place, scale);
  body(pen, moment(clip, at), place, scale);
}

function ground(pen, w, h, scale) {
  pen.fillStyle = inks["--track"];
  pen.beginPath();
  pen.ellipse(w / 2, h * 0.93, scale * 0.55, scale * 0.55 * SIN, 0, 0, 2 * Math.PI);
  pen.fill();
}

// The way of hands and feet through the window, fading into the past.
function trail(pen, clip, at, place, scale) {
  pen.strokeStyle = inks["--accent"];
  pen.lineWidth = scale * 0.025;
  clip.moments ??= Array.from({ length: clip.count }, (_, k) => moment(clip, k));
  const frames = clip.moments.slice(0, Math.floor(at) + 1);
  for (const v of TIPS) {
    let before = place(frames[0], v);
    for (let k = 1; k < frames.length; k++) {
      const here = place(frames[k], v);
      pen.globalAlpha = 0.7 * (k / frames.length) ** 1.5;
      pen.beginPath();
      pen.moveTo(before[0], before[1]);
      pen.lineTo(here[0], here[1]);
      pen.stroke();
      before = here;
    }
  }
  pen.globalAlpha = 1;
}

function body(pen, joints, place, scale) {
  const ink = (v) => inks[LEFT.has(v) ? "--figure-left" : RIGHT.has(v) ? "--figure-right" : "--figure"];
  const points = Array.from({ length: V }, (_, v) => place(joints, v));
  const bones = [...settings.bones].sort(([a, b], [c, d]) => points[c][2] + points[d][2] - points[a][2] - points[b][2]);
  for (const [child, parent] of bones) {
    pen.strokeStyle = ink(child);
    pen.lineWidth = scale * (child > 20 ? 0.02 : 0.045);
    pen.beginPath();
    pen.moveTo(points[parent][0], points[parent][1]);
    pen.lineTo(points[child][0], points[child][1]);
    pen.stroke();
  }
  pen.fillStyle = inks["--figure"];
  pen.beginPath();
  pen.arc(points[HEAD][0], points[HEAD][1], scale * 0.09, 0, 2 * Math.PI);
  pen.fill();
}
