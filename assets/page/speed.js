// The speed: how many answers a second come, how old they are, and what was left out.
import { say } from "./dom.js";

const SHOWN = ["fps", "age", "dropped", "server"];

const times = []; // of the last answers, ms
let fps = 0, age = 0, server = 0, dropped = 0;

// Counts an answer that was just drawn, and says so to whoever measures (the benchmark of the page).
export function countAnswer(answer, picture, now) {
  times.push(now);
  while (times[0] < now - 2000) times.shift();
  const since = performance.now() - picture.taken, span = now - times[0];
  age += (age ? 0.1 : 1) * (since - age);
  server += (server ? 0.1 : 1) * (answer.ms - server);
  dropped += picture.passed;
  fps = span > 300 ? (1000 * (times.length - 1)) / span : 0;
  document.dispatchEvent(new CustomEvent("ikem:answered", { detail: { now, age: since, passed: picture.passed } }));
}

export function showSpeed() {
  say("fps", fps ? fps.toFixed(0) : "\u2013");
  say("age", age ? age.toFixed(0) : "\u2013");
  say("dropped", String(dropped));
  say("server", server.toFixed(0));
}

// What the server spent on a picture on average, ms.
export const serverMs = () => server;

export function resetSpeed() {
  fps = age = server = dropped = times.length = 0;
  for (const id of SHOWN) say(id, "\u2013");
}
