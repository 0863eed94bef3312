// The action in large words, how sure the model is of it or why it names none, and the same for screen readers.
import { byId, say } from "./dom.js";
import { personName } from "./names.js";

const QUIET_MS = 600; // so long nothing must stand out before an action's name goes away
const SPOKEN_MS = 2500; // a screen reader is told at most so often

let shown = "", quietSince = 0, spokenAt = 0; // what the words say; ms

function write(text, sure, quiet) {
  say("action", text.charAt(0).toUpperCase() + text.slice(1));
  say("sure", sure);
  const action = byId("action");
  action?.classList.toggle("idle", quiet);
  action?.classList.toggle("long", text.length > 12);
  action?.classList.toggle("longer", text.length > 18);
}

function speak(text, now) {
  if (text === byId("spoken")?.textContent || now - spokenAt < SPOKEN_MS) return;
  spokenAt = now;
  say("spoken", text);
}

// Whether the verdict on the answer is what the words say now.
export function showHeadline(answer, { what, text, line, quiet }, now) {
  // A name that goes for a moment and comes back would flicker: what is no action has to stay a while first.
  if (!quiet || what === shown) quietSince = now;
  if (quiet && what !== shown && now - quietSince < QUIET_MS) return false;
  shown = what;
  write(text, line, quiet);
  speak(text, now);
  const main = answer.persons.find((person) => person.main);
  say("whose", answer.persons.length > 1 && main ? `${personName(main.id)}, the nearest of ${answer.people} people` : "");
  return true;
}

// Words that are of no answer: nothing was seen yet, or something is wrong.
export function resetHeadline(text, line) {
  write(text, line, true);
  if (shown) say("spoken", text); // a screen reader heard of an action that is over
  shown = "";
  quietSince = 0;
  say("whose", "");
}
