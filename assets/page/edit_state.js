// What the editor's modules share: the events, the recording's name, its people, and the line that tells what happened.
import { Edits } from "./edit_events.js";
import { byId, say } from "./dom.js";
import { countOf, countSoon, learnCounts } from "./edit_counts.js";
import { clock, drawEdits } from "./edit_view.js";
import { allWords, times, word } from "./names.js";
import { showEvents } from "./video.js";

// painted: the event that is being painted, null for none.
export const editor = { edits: null, name: "", persons: [0], painted: null, unsaved: false };

export function tellEditor(text, failed = false) {
  const line = byId("edit-said");
  line.textContent = text;
  line.hidden = !text;
  line.classList.toggle("failed", failed);
}

export function draw() {
  const { edits, persons, painted } = editor;
  if (!edits) return;
  drawEdits(edits, persons);
  showEvents(edits.events.map((event) => ({ ...event, ...countOf(event) })));
  const one = edits.one(), busy = painted !== null;
  for (const id of ["edit-remove", "edit-split", "edit-merge"]) byId(id).disabled = !one || busy;
  byId("edit-undo").disabled = !edits.past.length || busy;
  byId("edit-redo").disabled = !edits.future.length || busy;
  byId("edit-paint").setAttribute("aria-pressed", String(busy));
  say("edit-times", one ? `${clock(one.start)} to ${clock(one.end)} ${times(countOf(one).count)}`.trim() : "none chosen");
  if (document.activeElement !== byId("edit-label") && one) byId("edit-label").value = word(one.label);
  if (one) byId("edit-person").value = String(one.person);
}

export function changed() {
  editor.unsaved = true;
  byId("edit-insist").hidden = true;
  countSoon(editor.edits);
  draw();
}

// The server's answer to the question how often the corrected actions are repeated.
export function counted(answer) {
  learnCounts(answer?.counted ?? []);
  draw();
}

// Begins with these events: [person, label, start, end, score].
export function beginWith(seconds, rows) {
  const edits = editor.edits = new Edits(seconds, rows);
  editor.painted = null;
  editor.persons = [...new Set([...editor.persons, ...edits.events.map(({ person }) => person)])].sort((a, b) => a - b);
  const option = (text, value) => Object.assign(document.createElement("option"), { textContent: text, value });
  const people = editor.persons.map((person) => option(`Person ${person + 1}`, String(person)));
  byId("edit-person").replaceChildren(...people);
  byId("edit-labels").replaceChildren(...allWords().map((text) => option(text, text)));
  draw();
}
