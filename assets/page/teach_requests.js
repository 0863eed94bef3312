// What the Teach tab asks the server: one small object at a time, which Gradio fetches when its button is pressed.
import { byId } from "./dom.js";
import { clipNames } from "./taught.js";

const waiting = []; // the next one first

export function ask(request) {
  waiting.push(request);
  byId("teach-send")?.click();
}

export const nextRequest = () => ({ ...waiting.shift(), have: clipNames() });
