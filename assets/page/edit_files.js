// What the editor asks the server for: files to save, files that are opened, and "Teach it".
import { byId, save } from "./dom.js";
import { countSoon } from "./edit_counts.js";
import { askEditor } from "./edit_requests.js";
import { beginWith, editor, tellEditor } from "./edit_state.js";
import { clock } from "./edit_view.js";
import { personName, times, word } from "./names.js";
import { ask } from "./teach_requests.js";

const TYPES = {
  ".corrected.jsonl": "application/x-ndjson", ".corrected.csv": "text/csv", ".eaf": "application/xml", ".json": "application/json",
};
let wanted = ""; // suffix of the file that is saved

export function saveAs(suffix) {
  wanted = suffix;
  askEditor({ do: "save", events: editor.edits.rows() });
}

export async function openEvents(file) {
  if (!file) return;
  const lines = (await file.text()).split("\n").filter((line) => line.trim());
  askEditor({ do: "open", name: file.name, lines });
}

// insist: although more would be called wrongly.
export function teachIt(insist) {
  tellEditor("Learning, and calling the recording again ...");
  byId("edit-insist").hidden = true;
  byId("edit-teach").disabled = true;
  askEditor({ do: "teach", events: editor.edits.rows(), insist });
}

function sayNow(events, advice) {
  const called = events.map(([person, label, start, end, , count]) =>
    `${personName(person)}: ${`${word(label)} ${times(count)}`.trim()}, ${clock(start)} to ${clock(end)}`);
  const lines = [...advice, `Called now: ${called.join("; ") || "nothing"}`];
  byId("edit-now").replaceChildren(...lines.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  byId("edit-now").hidden = false;
}

// The server's answer to a request.
export function edited(answer) {
  if (!answer || !editor.edits) return;
  const { did, said, failed, files, events, worse } = answer;
  byId("edit-teach").disabled = false;
  tellEditor(said, failed || worse);
  if (files?.[wanted]) {
    save(`${editor.name.replace(/\.[^.]*$/, "")}${wanted}`, TYPES[wanted], files[wanted]);
    if (wanted.startsWith(".corrected")) editor.unsaved = false;
  }
  if (events) {
    beginWith(editor.edits.seconds, events);
    countSoon(editor.edits);
  }
  if (did !== "teach" || failed) return;
  byId("edit-insist").hidden = !worse;
  sayNow(answer.now, answer.advice);
  if (answer.learnt) ask({ do: "look" }); // the Teach tab shows the new examples
}
