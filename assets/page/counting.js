// How often the main person's action was repeated: a number on the stage, a flash with each, and speech if it is wanted.
import { byId, say } from "./dom.js";
import { times, word } from "./names.js";
import { NONE, counted } from "./repetition.js";

const SPOKEN_MS = 700; // a number takes so long to say: of fast movements some are left out
const FLASH_MS = 200, APART_MS = 350; // fewer than three flashes a second, for whom they make ill
let state = NONE, spokenAt = -Infinity, flashedAt = -Infinity;

// A voice of this machine alone: some browsers' others send what they say to a server.
const voice = () => window.speechSynthesis?.getVoices().find(({ localService, lang }) => localService && lang.startsWith("en")) ??
  window.speechSynthesis?.getVoices().find(({ localService }) => localService);

function speak(count, now) {
  if (!byId("speak-counts")?.checked || now - spokenAt < SPOKEN_MS) return;
  const chosen = voice();
  if (!chosen) return say("speak-note", "this browser has no voice of its own");
  say("speak-note", "");
  spokenAt = now;
  const words = new SpeechSynthesisUtterance(String(count));
  words.voice = chosen;
  window.speechSynthesis.cancel(); // the newest number, not all that were missed
  window.speechSynthesis.speak(words);
}

function show() {
  const box = byId("repetitions");
  if (!box) return;
  box.hidden = state.count === null;
  say("repetitions-number", state.count === null ? "" : String(state.count));
  say("repetitions-word", state.count === null ? "" : word(state.label));
  say("now-count", times(state.count));
}

function flash(now) {
  if (now - flashedAt < APART_MS) return;
  flashedAt = now;
  byId("stage")?.classList.add("counted");
  setTimeout(() => byId("stage")?.classList.remove("counted"), FLASH_MS);
}

// With each answer, without waiting for the words, which are calmer.
export function showCount(answer, now) {
  const before = state;
  state = counted(before, answer);
  if (state.count !== before.count || state.label !== before.label) show();
  if (!state.up) return;
  flash(now);
  speak(state.count, now);
}

export function clearCount() {
  state = NONE;
  show();
}
