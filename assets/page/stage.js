// The stage: the camera's picture, whether it is mirrored, and what is written on it.
import { byId, say } from "./dom.js";
import { settings } from "./settings.js";
import { curtain } from "./words.js";

const REMARK_MS = 8000; // a remark can be read that long
let lasting = "", passing = "", timer = 0; // what is said while a state lasts, and for a moment

export const cameraVideo = () => document.querySelector("#cam video");

export const mirrored = () => byId("stage").classList.contains("mirrored");

export function setMirrored(on) {
  byId("mirror").checked = on;
  byId("stage").classList.toggle("mirrored", on);
}

function write() {
  const element = byId("stage-note"), text = lasting || passing;
  if (!element || element.textContent === text) return;
  element.textContent = text;
  element.hidden = !text;
}

export function note(text) {
  lasting = text;
  write();
}

// Says something once; what lasts comes first.
export function remark(text) {
  passing = text;
  write();
  clearTimeout(timer);
  timer = setTimeout(() => {
    passing = "";
    write();
  }, REMARK_MS);
}

export function showTrouble(kind) {
  const hasServer = settings.server !== false, [title, text] = curtain(kind, hasServer);
  byId("trouble-title").textContent = title;
  byId("trouble-text").textContent = text;
  byId("trouble").hidden = false;
  byId("retry").hidden = kind === "Insecure"; // another try would be no other
  byId("to-video").hidden = kind !== "Insecure" || !hasServer;
}

export function hideTrouble() {
  byId("trouble").hidden = true;
}

const MARKS = {
  on: "Recording landmarks, no pictures",
  failed: "Recording stopped: the file cannot be written",
  full: "Recording stopped: it is as long as a browser holds. Download it",
};

// Whether landmarks are recorded, by the server or in this browser: "on", "failed", "full" or "".
export function markRecording(state) {
  const mark = byId("recording-mark");
  if (!mark) return;
  mark.hidden = !state;
  mark.classList.toggle("failed", state === "failed" || state === "full");
  if (state) say("recording-mark", MARKS[state]);
}

document.addEventListener("change", ({ target }) => {
  if (target.id === "mirror") setMirrored(target.checked);
});
