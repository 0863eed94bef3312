// How often the action of each event in the editor is repeated. The server has the joints, and counts what was corrected.
import { byId } from "./dom.js";

const WAIT_MS = 300; // after the last change
const NONE = { count: null, times: [] };
const known = new Map(); // an event as text -> { count, times: seconds of each }
let timer = 0, asked = null; // the events that the server is asked about

const key = (person, label, start, end) => JSON.stringify([person, label, start, end]);

export const countOf = ({ person, label, start, end }) => known.get(key(person, label, start, end)) ?? NONE;

// rows: [person, label, start, end, count or null, seconds of each repetition].
export function learnCounts(rows) {
  for (const [person, label, start, end, count, times] of rows) known.set(key(person, label, start, end), { count, times });
}

export function forgetCounts() {
  clearTimeout(timer);
  known.clear();
}

// Asks once nothing changes any more, and not while an edge is dragged.
export function countSoon(edits) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    asked = edits;
    if (!edits.held) byId("count-send")?.click();
  }, WAIT_MS);
}

export const nextCountRequest = () => ({ do: "count", events: asked?.rows() ?? [] });
