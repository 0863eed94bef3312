// The Video tab: skeletons and names over the recording while it plays, the playhead, jumping to events, saving files.
import { personTint } from "./colours.js";
import { byId, save } from "./dom.js";
import { word } from "./names.js";
import { drawPeople, overlay } from "./overlay.js";
import { settings } from "./settings.js";
import { isUnplayable, momentNow, playFrom, standIn } from "./stand_in.js";
import { unpack } from "./wire.js";

const GAP_S = 0.6; // between two kept poses of a person, further apart they are not joined
// {name, size, seconds, csv, jsonl, people: person -> [{t, main, points}], events: [{person, label, start, end, score,
// count: or null, times: of its repetitions, of very many the last}]}
let found = null;
let drawn = null; // what the overlay shows: moment, size

const clip = () => document.querySelector("#clip video");

function people({ times, persons, points }) {
  const [ms, who, numbers] = [unpack(times), unpack(persons), unpack(points, settings.steps.pose)];
  const found = new Map();
  for (let k = 0; 2 * k < who.length; k++) {
    const person = who[2 * k], t = ms[2 * k] + ms[2 * k + 1] / 1000;
    if (!found.has(person)) found.set(person, []);
    found.get(person).push({ t, main: who[2 * k + 1] > 0, points: numbers.subarray(99 * k, 99 * (k + 1)) });
  }
  return found;
}

function events({ events, repetitions }) {
  return events.map(([number, person, label, start, end, score, count = null]) =>
    ({ person, label, start, end, score, count, times: repetitions[number] ?? [] }));
}

// The place of the last pose that is not after t.
function before(poses, t) {
  let low = 0, high = poses.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (poses[middle].t <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// A person at a moment, between the two poses around it; null where they are out of sight.
function poseAt(poses, t) {
  const k = before(poses, t + 1e-3), a = poses[k], b = poses[k + 1];
  if (!a) return b && b.t - t < 0.05 ? b : null;
  if (!b || b.t - a.t > GAP_S) return t - a.t < 0.1 ? a : null;
  const share = Math.min(1, Math.max(0, (t - a.t) / (b.t - a.t)));
  return { main: a.main, points: a.points.map((number, i) => number + share * (b.points[i] - number)) };
}

// How often an event's action was repeated up to a moment, "" before the first time.
function countAt({ count, times }, t) {
  return count === null ? "" : count - times.filter((time) => time > t).length || "";
}

function persons(t) {
  const shown = [];
  for (const [id, poses] of found.people) {
    const pose = poseAt(poses, t);
    const event = pose && found.events.find(({ person, start, end }) => person === id && start <= t && t < end);
    if (pose) shown.push({ id, ...pose, tint: personTint(id), text: event ? `${word(event.label)} ${countAt(event, t)}`.trim() : "" });
  }
  return shown;
}

// The canvas lies over the picture itself, without the bars that a player puts beside it.
function place(video) {
  const scale = Math.min(video.clientWidth / video.videoWidth, video.clientHeight / video.videoHeight);
  const [w, h] = [video.videoWidth * scale, video.videoHeight * scale];
  const canvas = overlay(video, "clip-overlay", w, h);
  Object.assign(canvas.style, {
    left: `${video.offsetLeft + (video.clientWidth - w) / 2}px`, top: `${video.offsetTop + (video.clientHeight - h) / 2}px`,
    width: `${w}px`, height: `${h}px`,
  });
  return canvas;
}

function mark(t) {
  const head = byId("playhead");
  // The timeline ends with the picture, or the last event; sound may go on.
  if (head) head.style.left = `${Math.min(100, (100 * t) / Number(head.parentElement.dataset.seconds))}%`;
  for (const row of document.querySelectorAll("#result tr[data-start]")) {
    const now = Number(row.dataset.start) <= t && t < Number(row.dataset.end);
    if (now === row.hasAttribute("aria-current")) continue;
    if (now) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

function drawAlone() {
  const canvas = standIn(found.size), t = momentNow(found.seconds);
  if (!canvas) return;
  drawPeople(canvas, persons(t), false);
  mark(t, found.seconds);
}

function frame() {
  if (!found) return;
  requestAnimationFrame(frame);
  if (isUnplayable()) return drawAlone();
  const video = clip();
  if (!video || !video.videoWidth || !video.clientWidth) return;
  const state = `${video.currentTime} ${video.clientWidth} ${video.clientHeight} ${video.offsetTop}`;
  if (state === drawn && byId("clip-overlay")?.isConnected) return;
  drawn = state;
  drawPeople(place(video), persons(video.currentTime), false);
  mark(video.currentTime);
}

// What the server found in the recording, null for none.
export function showFound(answer) {
  byId("clip-overlay")?.remove();
  const idle = !found;
  found = answer ? { ...answer, people: people(answer.track), events: events(answer) } : null;
  drawn = null;
  playFrom(0);
  byId("clip")?.classList.toggle("analysed", Boolean(found));
  for (const who of document.querySelectorAll("#result .who")) {
    who.style.setProperty("--who", personTint(Number(who.dataset.person)));
  }
  if (found && idle) requestAnimationFrame(frame);
  document.dispatchEvent(new CustomEvent("ikem:found", { detail: found }));
}

// Events in the place of those that the server found, drawn over the recording.
export function showEvents(events) {
  if (!found) return;
  found.events = events;
  drawn = null;
}

document.addEventListener("click", (event) => {
  const kind = event.target.closest("[data-save]")?.dataset.save;
  if (kind && found) {
    const stem = found.name.replace(/\.[^.]*$/, "");
    save(`${stem}.${kind}`, kind === "csv" ? "text/csv" : "application/x-ndjson", found[kind]);
  }
  const start = event.target.closest("[data-start]")?.dataset.start, video = clip();
  if (start === undefined || !video) return;
  if (isUnplayable()) return playFrom(Number(start));
  video.currentTime = Number(start);
  video.play().catch(() => {}); // the visitor has stopped it at once
});

// The browser may not play a file that the server reads all the same (avi, say), and where it cannot, the server says
// why in its own words: so Gradio's alarm goes, and the empty player gets a remark once the server has read the file.
document.addEventListener("error", ({ target }) => {
  if (target === clip()) byId("clip").classList.add("unplayable");
}, true); // an error of a video does not bubble
new MutationObserver(() => {
  for (const toast of document.querySelectorAll(".toast-item")) {
    if (toast.textContent.includes("Video not playable")) toast.remove();
  }
  const player = clip();
  if (!player || player.readyState > 0) byId("clip")?.classList.remove("unplayable");
}).observe(document, { childList: true, subtree: true });
