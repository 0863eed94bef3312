// The Live tab: what the camera's pictures come back as goes to everything that shows it.
import { glideBars, resetBars, showBars } from "./bars.js";
import { camera, isRunning, refuse } from "./camera.js";
import { drawCameraPeople } from "./camera_overlay.js";
import { byId } from "./dom.js";
import { listEvent, listEvents } from "./events.js";
import { resetHeadline, showHeadline } from "./headline.js";
import { keepPictures, sendPictures, setKey } from "./pictures.js";
import { settings } from "./settings.js";
import { countAnswer, resetSpeed, showSpeed } from "./speed.js";
import { cameraVideo, markRecording } from "./stage.js";
import { showOnStrip } from "./strip.js";
import { followTeaching } from "./teach.js";
import { verdict } from "./verdict.js";
import { moveFigure, showWindow } from "./window_figure.js";

const CALM_MS = 180; // words and bars change at most so often: the eye reads, it does not race

let calmUntil = 0; // ms
let newest = { s: null, t: 0 }; // the last answer's session and time in it, s

function reset(text, line) {
  calmUntil = 0;
  resetHeadline(text, line);
  resetBars();
  resetSpeed();
  markRecording(settings.recording ? "on" : "");
  showWindow(null);
}

const ready = () => reset("Ready", "Start the camera to begin");

// Whether a later moment was shown already: of two pictures under way, the second may be answered first.
function isLate({ s, t }) {
  if (s === newest.s && t < newest.t) return true;
  newest = { s, t };
  return false;
}

// The answer to a picture; see pictures.js for what is told of the picture.
function showAnswer(answer, picture) {
  if (!isRunning()) return;
  if (answer.full) return refuse("Full");
  if (isLate(answer)) return; // its events are told again
  drawCameraPeople(answer.persons);
  const now = performance.now();
  countAnswer(answer, picture, now);
  listEvents(answer);
  showOnStrip(answer, now);
  followTeaching(answer);
  if (answer.sees) showWindow(answer.sees);
  moveFigure();
  glideBars(now);
  if (now < calmUntil) return;
  calmUntil = now + CALM_MS;
  const said = verdict(answer);
  if (showHeadline(answer, said, now)) showBars(answer, said); // the bars wait where the words do
  markRecording(answer.recording);
  showSpeed();
}

// The page has built itself.
export function pageBuilt() {
  ready();
  byId("start").disabled = false;
}

// What Gradio brings: the key to the way of the pictures, and the events that ended with the camera.
export function told(answer) {
  if (answer?.key) setKey(answer.key);
  answer?.stopped?.forEach(listEvent);
}

camera.addEventListener("started", () => {
  sendPictures(cameraVideo(), showAnswer);
  reset("Watching", "A few seconds of movement are needed");
});
camera.addEventListener("stopped", () => {
  keepPictures();
  drawCameraPeople([]);
  ready();
});
