// The Live tab: what the camera's pictures come back as goes to everything that shows it, and nothing of it stays where
// nothing new comes.
import { glideBars, resetBars, showBars } from "./bars.js";
import { camera, failCamera, givesPictures, isRunning, watchStage } from "./camera.js";
import { clearPeople, drawCameraPeople } from "./camera_overlay.js";
import { clearCount, showCount } from "./counting.js";
import { byId } from "./dom.js";
import { listEvent, listEvents } from "./events.js";
import { showAddresses } from "./for_programs.js";
import { resetHeadline, showHeadline } from "./headline.js";
import { setKey } from "./key.js";
import { keepPictures, lineFails, sendPictures } from "./pictures.js";
import { finishHere, runsHere } from "./runs_on.js";
import { settings } from "./settings.js";
import { countAnswer, resetSpeed, showSpeed } from "./speed.js";
import { cameraVideo, markRecording, note } from "./stage.js";
import { isLive } from "./state.js";
import { clearStrip, showOnStrip } from "./strip.js";
import { followTeaching } from "./teach.js";
import { verdict } from "./verdict.js";
import { look, watch } from "./watch.js";
import { moveFigure, showWindow } from "./window_figure.js";
import { noteOf, wordsOf } from "./words.js";

const CALM_MS = 180; // words and bars change at most so often: the eye reads, it does not race
const hasServer = settings.server !== false;
const STOP_MS = 300; // in which what is on its way has arrived

let calmUntil = 0; // ms
let newest = { s: null, t: 0 }; // the last answer's session and time in it, s

// Words instead of whatever was shown of answers.
function clear(words) {
  calmUntil = 0;
  resetHeadline(...words);
  resetBars();
  resetSpeed();
  markRecording(settings.recording ? "on" : "");
  showWindow(null);
  clearPeople();
  clearStrip();
  clearCount();
}

// Whether a later moment was shown already: of two pictures under way, the second may be answered first.
function isLate({ s, t }) {
  if (s === newest.s && t < newest.t) return true;
  newest = { s, t };
  return false;
}

// The answer to a picture; see pictures.js for what is told of the picture.
function showAnswer(answer, picture) {
  if (!isRunning()) return;
  if (answer.full) return failCamera("Full");
  if (isLate(answer)) return; // its events are told again
  listEvents(answer);
  if (!look()) return;
  drawCameraPeople(answer.persons);
  const now = performance.now();
  countAnswer(answer, picture, now);
  showCount(answer, now);
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
  clear(wordsOf("off"));
  byId("start").disabled = false;
  watchStage();
}

// What Gradio brings: the key to the way of the pictures, and the events that ended with the camera.
export function told(answer) {
  if (answer?.key) setKey(answer.key, answer.session);
  if (answer) showAddresses(answer);
  answer?.stopped?.forEach(listEvent);
}

watch.addEventListener("changed", ({ detail: { state, kind, before } }) => {
  note(noteOf(state, hasServer));
  if (!isLive(state) || !isLive(before)) clear(wordsOf(state, kind, hasServer));
});

camera.addEventListener("started", () => sendPictures(cameraVideo(), givesPictures, showAnswer));
for (const end of ["rested", "stopped", "failed"]) {
  camera.addEventListener(end, () => {
    const fails = lineFails();
    keepPictures();
    if (runsHere()) finishHere().then(told);
    else if (!fails) setTimeout(() => !isRunning() && byId("stopped")?.click(), STOP_MS); // ends what goes on
  });
}
