// The events of everybody: a table of those that ended, newest first, and the same as a file: CSV, or JSON lines.
import { personTint, tint } from "./colours.js";
import { byId, save } from "./dom.js";
import { personName, times, word } from "./names.js";
import { RECORDING } from "./record.js";
import { settings } from "./settings.js";

const MOST = 2000; // events kept; a day of them would only make the page slow
const events = []; // {person, label, start, end, score, count, more: only for files, at}
let session = null, told = -1; // the session that the last event belongs to, and that event's number
let zero = 0; // the clock's time at the session's second 0, ms

// The events that an answer tells of.
export function listEvents(answer) {
  if (answer.s !== session) [session, told] = [answer.s, -1];
  zero = Date.now() - answer.t * 1000;
  answer.events.forEach(listEvent);
}

function row({ person, label, start, end, count, at }) {
  const tr = document.createElement("tr");
  tr.innerHTML = '<td><span class="what"><i class="dot"></i><b></b><span></span></span></td><td><span class="who"></span></td><td></td>' +
    '<td class="number"></td>';
  const cells = tr.children;
  cells[0].querySelector("i").style.background = tint(label);
  cells[0].querySelector("b").textContent = word(label);
  cells[0].querySelector("b + span").textContent = times(count);
  cells[1].firstChild.textContent = personName(person);
  cells[1].firstChild.style.setProperty("--who", personTint(person));
  cells[2].textContent = at.toLocaleTimeString([], { hour12: false });
  cells[3].textContent = `${(end - start).toFixed(1)} s`;
  return tr;
}

// One event, told once or many times.
export function listEvent([number, person, label, start, end, score, count, more = {}]) {
  const body = byId("events");
  if (number <= told || !body) return;
  told = number;
  const event = { person, label, start, end, score, count, more, at: new Date(zero + start * 1000) };
  body.querySelector(".empty")?.remove();
  body.prepend(row(event));
  byId("past").tabIndex = 0; // there is something to scroll
  events.push(event);
  if (events.length > MOST) {
    events.shift();
    body.lastChild.remove();
  }
  for (const id of ["save-live", "save-lines"]) byId(id).disabled = false;
  document.dispatchEvent(new CustomEvent("ikem:event", { detail: { number, label } }));
}

const quoted = (text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

// The columns of every table of events, and the time of day.
function csv() {
  const columns = Object.entries(settings.event_columns); // [name, digits of a number or null for a text]
  const cell = (event) => ([name, digits]) => (digits === null ? quoted(String(event[name] ?? "")) : event[name].toFixed(digits));
  const lines = events.map((event) => [...columns.map(cell(event)), event.at.toISOString()].join(","));
  return [[...columns.map(([name]) => name), "time"].join(","), ...lines].join("\n") + "\n";
}

// As `classify` writes them, and the time of day; the recording is that of the same session's landmarks.
function lines() {
  const line = ({ person, label, start, end, score, count, more: { top3 = [], modality_scores = {}, repetitions = [] }, at }) => (
    { input: RECORDING, person, label, start, end, score, top3, modality_scores, count, repetitions, time: at.toISOString() }
  );
  return events.map((event) => `${JSON.stringify(line(event))}\n`).join("");
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("#save-live")) save("ikem-live.csv", "text/csv", csv());
  if (target.closest("#save-lines")) save("ikem-live.jsonl", "application/x-ndjson", lines());
});
