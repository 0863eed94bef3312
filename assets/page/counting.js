// How often the main person's action was repeated: a number on the stage, a flash with each, and speech if it is wanted.
import { byId, say } from "./dom.js";
import { times, word } from "./names.js";
import { NONE, counted } from "./repetition.js";

const SPOKEN_MS = 700; // a number takes so long to say: of fast movements some are left out
const WORD = "Counting";
const FLASH_MS = 200, APART_MS = 350; // fewer than three flashes a second, for whom they make ill
let state = NONE, spokenAt = -Infinity, flashedAt = -Infinity;

// A voice of this machine alone: some browsers' others send what they say to a server.
const voice = () => window.speechSynthesis?.getVoices().find(({ localService, lang }) => localService && lang.startsWith("en")) ??
  window.speechSynthesis?.getVoices().find(({ localService }) => localService);

// Whether it was said; where there is no voice, the page says so.
function speak(text) {
  const chosen = voice();
  say("speak-note", chosen ? "" : "this browser has no voice of its own");
  if (!chosen) return false;
  const words = new SpeechSynthesisUtterance(text);
  words.voice = chosen;
  window.speechSynthesis.cancel(); // the newest number, not all that were missed
  window.speechSynthesis.speak(words);
  return true;
}

const isSpoken = () => Boolean(byId("speak-counts")?.checked);

function speakCount(count, now) {
  if (isSpoken() && now - spokenAt >= SPOKEN_MS && speak(String(count))) spokenAt = now;
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
  speakCount(state.count, now);
}

export function clearCount() {
  state = NONE;
  show();
}

// A word at once: whoever switches it on hears that it works before they step back, and some browsers speak of
// themselves only after a word that was asked for by a press.
document.addEventListener("change", ({ target }) => {
  if (target.id !== "speak-counts") return;
  if (!target.checked) return say("speak-note", "");
  if (!speak(WORD)) window.speechSynthesis?.addEventListener?.("voiceschanged", () => isSpoken() && speak(WORD), { once: true });
});
