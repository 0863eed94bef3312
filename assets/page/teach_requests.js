// What the Teach tab asks: one small object at a time. For the server, Gradio fetches it when its button is pressed.
import { byId } from "./dom.js";
import { clipNames } from "./taught.js";

const waiting = []; // the next one first
const forPack = []; // who waits for the pack instead of a download
let teachHere = null; // function of a request that gives a promise of the answer, where this browser teaches
let heard = () => {}; // told of each of its answers

export const teachBy = (given) => { teachHere = given; };
export const hearTaught = (given) => { heard = given; };

export async function ask(request) {
  if (teachHere) return heard(await teachHere({ ...request, have: clipNames() }));
  waiting.push(request);
  byId("teach-send")?.click();
}

// A promise of the pack as base64, null where there is none or nobody answers; it is not downloaded then.
export function packNow(limitMs = 5000) {
  if (!clipNames().length) return Promise.resolve(null);
  return new Promise((done) => {
    forPack.push(done);
    setTimeout(() => forPack.includes(done) && takesPack(null), limitMs);
    ask({ do: "save" });
  });
}

// Whether somebody waited for a pack that came.
export function takesPack(file) {
  const first = forPack.shift();
  first?.(file);
  return Boolean(first);
}

export const nextRequest = () => ({ ...waiting.shift(), have: clipNames() });
