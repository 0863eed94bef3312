// "Runs on": whether this browser looks at the pictures, or the server. By itself the page begins with the server, loads
// the recogniser meanwhile, tries it, and goes over to it where it is quick enough. What the visitor chose is kept; who
// chose this browser sends no picture anywhere, whatever happens.
import { built } from "./built.js";
import { camera, isRunning } from "./camera.js";
import { say } from "./dom.js";
import { Here } from "./here.js";
import { isRecording, recordBy } from "./record.js";
import { settings } from "./settings.js";
import { cameraVideo } from "./stage.js";
import { isTeaching } from "./teach.js";
import { ask, packNow, teachBy } from "./teach_requests.js";
import { SERVER, takeWay, wayNow } from "./way.js";

const LEAST_RATE = 12; // pictures a second
const KEPT = "ikem-runs-on"; // what the visitor chose: "here" or "server"
const SIZE = "about 19 MB, once";
const HERE_WORDS = `No picture leaves this computer.${settings.stay ? ` Without the server, not: ${settings.stay}.` : ""}`;
// A module that adds nothing, by instructions on several numbers at once (SIMD).
const SIMD = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];

const ALONE = settings.server === false; // the page has no server: then it is this browser or nobody
const memory = { get: () => { try { return localStorage.getItem(KEPT); } catch { return null; } },
  set: (value) => { try { localStorage.setItem(KEPT, value); } catch { /* a browser that keeps nothing */ } } };
const gone = (status) => ({ most: 1, needsKey: false, here: true, post: async () => ({ status, answer: null, retry: 0 }) });
const LOADING = gone("loading"), BROKEN = gone("broken");

let choice = null; // of the visitor, null for none
let here = null, loaded = null, isReady = false; // the recogniser, a promise that it is loaded, whether it was tried
let turn = 0; // what an earlier turn waited for is nobody's any more

export const runsHere = () => wayNow().here;

function tell(text) {
  say("runs-note", text);
  const value = runsHere() ? "here" : "server";
  for (const radio of document.querySelectorAll("#runs-on input")) radio.checked = radio.value === value;
  say("looked-on", runsHere() ? "in this browser" : "on the server");
}

// What follows from what cannot be: who chose this browser must choose the server before a picture goes there.
const instead = () => (ALONE ? "This page cannot work here: " : choice === "here" ? "This browser cannot: " : "The server does the work: ");

// Why this browser cannot, or by itself should not, do the work; "" where it can.
function whyNot() {
  if (settings.here.why) return `${instead()}${settings.here.why}.`;
  const simd = typeof WebAssembly === "object" && WebAssembly.validate(Uint8Array.from(SIMD));
  if (!simd) return `${instead()}this browser has no WebAssembly with SIMD, or it is switched off.`;
  if (!window.Worker || !window.OffscreenCanvas) return `${instead()}this browser has no workers that can draw.`;
  if (choice === "here") return "";
  if (settings.stay) return `The server does the work: ${settings.stay}.`;
  return navigator.connection?.saveData ? `The server does the work: this browser saves data. To load it takes ${SIZE}.` : "";
}

const HERE = {
  most: 1, needsKey: false, here: true,
  async post(video, asked, free) {
    try {
      const answer = await here.look(video, asked, free);
      return { status: answer ? 200 : null, answer, retry: 0 };
    } catch (error) {
      if (runsHere()) fail(error);
      return { status: "broken", answer: null, retry: 0 };
    }
  },
};

// It does not load, or it broke.
function fail({ message, kind }) {
  drop();
  takeWay(choice === "here" ? BROKEN : SERVER);
  tell(`${instead()}${kind === "memory" ? "this browser ran out of memory for the recogniser" : message.replace(/[.]$/, "")}.`);
}

function drop() {
  turn += 1;
  here?.end();
  [here, isReady] = [null, false];
  recordBy(null);
  teachBy(ALONE ? teachHere : null);
}

// Takes over from the server, with what was taught there.
async function takeOver() {
  const pack = ALONE ? null : await packNow();
  teachBy(teachHere);
  takeWay(HERE);
  recordBy(here);
  if (pack) ask({ do: "load", name: "my.pack", file: pack });
  else ask({ do: "look" });
  tell(HERE_WORDS);
}

function load() {
  if (here) return loaded;
  tell(choice === "here" ? `The recogniser is loaded into this browser: ${SIZE}.` : `Loaded into this browser meanwhile: ${SIZE}.`);
  here = new Here(settings.here);
  loaded = here.load();
  return loaded;
}

// What the Teach tab asks for. Where there is no server, the recogniser is loaded for it, even before the camera runs.
async function teachHere(asked) {
  const nothing = { did: asked.do, said: "", failed: false, recording: "", only: false, actions: [], clips: {} };
  if (!here && asked.do === "look") return nothing;
  try {
    await load();
    return await here.teach(asked);
  } catch (error) {
    if (here) fail(error);
    return { ...nothing, said: `This browser cannot: ${error.message}`, failed: true };
  }
}

async function ready(mine) {
  await load();
  if (mine !== turn || isReady) return;
  if (choice !== "here") tell("It is tried how fast this browser is.");
  const mayTry = () => mine === turn && isRunning(), isTried = choice !== "here" || here.hasWays;
  const rate = isTried ? await here.trial(cameraVideo(), mayTry) : LEAST_RATE;
  if (mine !== turn || rate === null) return;
  if (choice !== "here" && rate < LEAST_RATE) {
    drop();
    tell(`The server does the work: this browser manages ${rate.toFixed(0)} pictures a second, and ${LEAST_RATE} are needed.`);
    choice = "server"; // for as long as the page is open
    return;
  }
  isReady = true;
}

const answered = () => new Promise((done) => document.addEventListener("ikem:answered", done, { once: true }));
const idle = async () => { while (isTeaching()) await new Promise((wake) => setTimeout(wake, 500)); };

// Prepares the recogniser for a camera that runs, and goes over to it.
async function prepare() {
  if (choice === "server") return;
  const reason = whyNot(), mine = ++turn;
  if (reason) {
    takeWay(choice === "here" ? BROKEN : SERVER);
    return tell(reason);
  }
  try {
    if (choice === "here" && !isReady) takeWay(LOADING);
    else if (!isReady) await answered(); // the first word comes from the server, and soon
    if (mine === turn) await ready(mine);
    if (mine !== turn || !isReady) return;
    if (choice !== "here") await idle();
    if (mine === turn && wayNow() !== HERE) await takeOver();
  } catch (error) {
    if (mine === turn) fail(error);
  }
}

async function change(to) {
  if (isTeaching()) return tell("End the recording first, then change where it runs.");
  if (isRecording()) return tell("Download the landmarks first, then change where it runs.");
  choice = to;
  memory.set(to);
  if (to === "here") {
    if (isRunning()) return prepare();
    const reason = whyNot();
    takeWay(reason ? BROKEN : isReady ? HERE : LOADING);
    return tell(reason || (isReady ? HERE_WORDS : `The recogniser is loaded when the camera starts: ${SIZE}.`));
  }
  const pack = wayNow() === HERE ? await packNow() : null;
  drop();
  takeWay(SERVER);
  if (pack) ask({ do: "load", name: "my.pack", file: pack });
  tell("");
}

// What is shown when the camera stops: the events that ended with it.
export async function finishHere() {
  return here ? here.finish().catch(() => null) : null;
}

camera.addEventListener("started", prepare);
document.addEventListener("change", ({ target }) => {
  if (target.name === "runs-on") change(target.value);
});
built.then(() => {
  choice = ALONE ? "here" : memory.get();
  if (choice === "here") takeWay(whyNot() ? BROKEN : LOADING);
  if (ALONE) teachBy(teachHere);
  tell(choice === "server" ? "" : whyNot());
});
