// What the editor asks the server: one small object at a time, which Gradio fetches when its button is pressed.
import { byId } from "./dom.js";

const waiting = []; // the next one first

export function askEditor(request) {
  waiting.push(request);
  byId("edit-send")?.click();
}

export const nextEditRequest = () => waiting.shift() ?? {};
