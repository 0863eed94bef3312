// Teaching: a countdown, a recording by the stream's own clock, and packs of what was taught, to keep and to load.
import { camera, isRunning, startCamera, stopCamera } from "./camera.js";
import { byId, calm } from "./dom.js";
import { keys } from "./key.js";
import { MOST_FILE, noteDeed, readPack, savePack } from "./packs.js";
import { lineFails } from "./pictures.js";
import { remark } from "./stage.js";
import { ask, hearTaught, takesPack } from "./teach_requests.js";
import { clipNames, isTaught, showTaught } from "./taught.js";

const COUNT_S = 3;
const REPLACE = "A pack takes the place of the actions that you have here. Load one?";
const CHANGES = new Set(["stop", "delete", "forget", "load", "fix"]); // what the visitor does to the actions
const LABELS = { // of the button, by phase
  "": "Record", asking: "Record", counting: "Cancel", starting: "Cancel", recording: "Done", learning: "Learning",
};

let phase = ""; // "", or in turn: asking, counting, starting, recording, learning
let wanted = null; // what is recorded: {name, counter, seconds}
let since = null; // the stream's time at which the phase began, seconds
let session = null; // of the last answer
let startedHere = false; // whether the camera was started for this recording
export const isTeaching = () => phase !== "";

function tell(text, failed = false) {
  const line = byId("teach-said");
  if (!line) return; // the tab was not opened yet
  line.textContent = text;
  line.hidden = !text;
  line.classList.toggle("failed", failed);
}

function go(to) {
  [phase, since] = [to, null];
  const button = byId("teach-record"), busy = to === "counting" || to === "starting";
  button.textContent = LABELS[to];
  button.disabled = to === "asking" || to === "learning";
  byId("count").hidden = !busy;
  byId("count-number").textContent = COUNT_S;
  byId("teach-bar").hidden = byId("teach-done").hidden = to !== "recording";
  byId("teach-mark").hidden = to !== "recording";
  enable();
}

// Nothing else is changed while a recording goes on.
function enable() {
  for (const other of document.querySelectorAll("#teach .while-idle, #teach-save, #teach-load, #teach-only")) {
    other.disabled = Boolean(phase) || (other.id === "teach-save" && !clipNames().length);
  }
}

function record(name, counter) {
  if (phase) return;
  if (!name.trim()) {
    tell("Give the action a name first", true);
    return byId("teach-name").focus();
  }
  startedHere = false;
  wanted = { name, counter, seconds: Number(byId("teach-seconds").value) };
  go("asking");
  ask({ do: "start", name, counter }); // whether the name can be used; begun anew after the countdown
}

async function count(name) {
  wanted.name = name;
  byId("count-text").textContent = wanted.counter ? `What "${name}" is not` : `Get ready: "${name}"`;
  tell("");
  go("counting");
  showStage();
  startedHere = !isRunning();
  if (!startedHere) return;
  byId("teach-record").focus({ preventScroll: true });
  await startCamera();
  if (phase) showStage(); // which has the camera's shape now
}

// On a telephone the form is below the stage, and whoever records must see themselves and the count.
function showStage() {
  byId("stage").scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" });
}

function finish() {
  if (phase !== "recording") return;
  go("learning");
  tell("Learning ...");
  ask({ do: "stop" });
}

function cancel(text) {
  if (!phase || phase === "learning") return;
  go("");
  if (!lineFails()) ask({ do: "cancel" });
  tell(text, true);
  if (startedHere) stopCamera();
}

// Another session of the server knows nothing of the recording, and perhaps not what was taught.
function changeSession(s) {
  if (session !== null && isTaught()) ask({ do: "look" });
  if (phase === "starting" || phase === "recording") cancel("Nothing was recorded: the server began anew");
  [session, since] = [s, null];
}

// The stream's clock, with each answer: a page whose camera stands still counts nothing.
export function followTeaching({ s, t }) {
  if (s !== session) changeSession(s);
  if (phase !== "counting" && phase !== "recording") return;
  since ??= t;
  const gone = t - since;
  if (phase === "counting") {
    byId("count-number").textContent = Math.max(1, Math.ceil(COUNT_S - gone));
    if (gone < COUNT_S) return;
    go("starting");
    byId("count-number").textContent = "Go";
    ask({ do: "start", name: wanted.name, counter: wanted.counter });
    return;
  }
  const left = wanted.seconds - gone;
  byId("teach-mark").textContent = `Recording "${wanted.name}", ${Math.max(0, Math.ceil(left))} s left`;
  byId("teach-bar").firstElementChild.style.transform = `scaleX(${Math.min(1, gone / wanted.seconds)})`;
  if (left <= 0) finish();
}

// What is gone though the visitor did not ask for it.
function tellLost(names) {
  const text = `The server has lost ${names.map((name) => `"${name}"`).join(", ")}. Load the pack, or record again`;
  tell(text, true);
  remark(text); // for whoever has another tab open
}

// The server's answer to a request.
export function taught(answer) {
  if (!answer) return;
  const { did, said, failed, file, recording } = answer;
  const gone = showTaught(answer);
  document.dispatchEvent(new CustomEvent("ikem:taught", { detail: answer }));
  if (said) tell(said, failed);
  const isTaken = did === "save" && takesPack(file); // by the page itself
  if (!failed && !isTaken) noteDeed(did);
  if (gone.length && !CHANGES.has(did)) tellLost(gone);
  if (file && !isTaken) savePack(file);
  if (did === "start" && failed) go("");
  else if (did === "start" && phase === "asking") count(recording);
  else if (did === "start" && phase === "starting") {
    go("recording");
    showStage();
  } else if (did === "stop") {
    go("");
    if (!failed) byId("teach-name").value = "";
  } else enable();
}

async function loadPack(file) {
  if (!file) return;
  if (file.size > MOST_FILE) return tell(`${file.name} is larger than a pack can be here (16 MB)`, true);
  tell("Loading the pack ..."); // on a page without a server the recogniser may have to start first
  ask({ do: "load", name: file.name, file: await readPack(file) });
}

const DEEDS = {
  more: (name) => record(name, false),
  not: (name) => record(name, true),
  forget: (name) => window.confirm(`Forget "${name}" and its examples?`) && ask({ do: "forget", name }),
};

document.addEventListener("submit", (event) => {
  if (event.target.id !== "teach-form") return;
  event.preventDefault();
  if (phase === "recording") finish();
  else if (phase) cancel("Cancelled: nothing was recorded");
  else record(byId("teach-name").value, false);
});
document.addEventListener("click", ({ target }) => {
  const { id, dataset } = target.closest("button, #teach-tab-button") || {};
  if (!id && !dataset) return;
  if (id === "teach-done") finish();
  if (id === "teach-save") ask({ do: "save" });
  if (id === "teach-load" && (!clipNames().length || window.confirm(REPLACE))) byId("teach-file").click();
  if (dataset.clip) ask({ do: "delete", clip: dataset.clip });
  DEEDS[dataset.deed]?.(dataset.name);
});
document.addEventListener("change", ({ target }) => {
  if (target.id === "teach-only") ask({ do: "only", on: target.checked });
  if (target.id !== "teach-file") return;
  loadPack(target.files[0]);
  target.value = ""; // the same file may be chosen again
});

hearTaught(taught);
camera.addEventListener("failed", () => cancel("Nothing was recorded: there is no camera"));
camera.addEventListener("stopped", () => cancel("Nothing was recorded: the camera was stopped"));
camera.addEventListener("rested", () => cancel("Nothing was recorded: the page was out of sight"));
keys.addEventListener("renewed", () => {
  remark("The program that serves this page was started anew");
  if (isTaught()) ask({ do: "look" });
});

// What the visitor begins with, once the tab is there.
new MutationObserver((_, observer) => {
  if (!byId("taught") || !byId("teach-send") || byId("start")?.disabled !== false) return;
  observer.disconnect();
  ask({ do: "look" });
}).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
