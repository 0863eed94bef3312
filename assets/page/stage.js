// The stage: the camera's picture, whether it is mirrored, and what is written on it.
import { byId } from "./dom.js";

const TROUBLES = {
  NotAllowedError: ["The camera is blocked", "Click the camera sign in your browser's address bar, allow the camera " +
    "for this page, then try again. The Video tab works without a camera."],
  NotFoundError: ["No camera was found", "Plug one in and try again, or use the Video tab with a recording."],
  NotReadableError: ["The camera is busy", "Another program is using it. Close that program and try again."],
  Insecure: ["The camera needs a safe address", "Browsers give the camera only to pages on this computer " +
    "(http://127.0.0.1 or localhost) or with https. Open the page that way, or use the Video tab."],
  Full: ["All places are taken", "Other visitors are using this machine right now. Try again in a minute; " +
    "the Video tab works meanwhile."],
  Other: ["The camera did not start", "Check that it works in another program, then try again."],
};

export const cameraVideo = () => document.querySelector("#cam video");

export const mirrored = () => byId("stage").classList.contains("mirrored");

export function setMirrored(on) {
  byId("mirror").checked = on;
  byId("stage").classList.toggle("mirrored", on);
}

export function note(text) {
  const element = byId("stage-note");
  if (!element || element.textContent === text) return;
  element.textContent = text;
  element.hidden = !text;
}

export function showTrouble(kind) {
  const [title, text] = TROUBLES[kind] || TROUBLES.Other;
  note("");
  byId("trouble-title").textContent = title;
  byId("trouble-text").textContent = text;
  byId("trouble").hidden = false;
  byId("start-card").hidden = true;
  byId("stop").hidden = true;
}

// Whether the server records landmarks: "on", "failed" or "".
export function markRecording(state) {
  const mark = byId("recording-mark");
  if (!mark) return;
  mark.hidden = !state;
  mark.classList.toggle("failed", state === "failed");
  const text = state === "failed" ? "Recording stopped: the file cannot be written" : "Recording landmarks, no pictures";
  if (mark.textContent !== text) mark.textContent = text;
}

document.addEventListener("change", ({ target }) => {
  if (target.id === "mirror") setMirrored(target.checked);
});
