// The editor of a recording's events in the Video tab: what its buttons and keys do.
import { byId } from "./dom.js";
import { forgetCounts, learnCounts } from "./edit_counts.js";
import { followDrags } from "./edit_drag.js";
import { openEvents, saveAs, teachIt } from "./edit_files.js";
import { followKeys, showKeys } from "./edit_keys.js";
import { beginWith, changed, draw, editor, tellEditor } from "./edit_state.js";
import { bringIntoView, drawHead, timeAt, zoomBy } from "./edit_view.js";
import { labelOf } from "./names.js";
import { changeSpeed, playOrPause, playedAt, showMoment } from "./player.js";

const FRAME_S = 1 / 30, NEW_S = 1; // of a step, and of a new event

const moment = () => Math.min(editor.edits.seconds, playedAt(editor.edits.seconds));
const active = () => Boolean(editor.edits && byId("edit-card")?.offsetParent);
const person = () => Number(byId("edit-person").value);
const chosenLabel = () => labelOf(byId("edit-label").value.trim()) || editor.edits.one()?.label || "";

function choose(event, follow = true) {
  if (!editor.edits || !event) return;
  editor.edits.selected = event.id;
  draw();
  if (!follow) return;
  showMoment(event.start);
  bringIntoView(event.start);
}

function addHere() {
  const label = chosenLabel();
  if (!label) return needsLabel();
  editor.edits.add(person(), label, moment(), moment() + NEW_S);
  changed();
}

function needsLabel() {
  tellEditor("Say first what it is: choose a label, or write a new one", true);
  byId("edit-label").focus();
}

function paint() {
  if (editor.painted !== null) return endPaint();
  const label = chosenLabel();
  if (!label) return needsLabel();
  editor.edits.hold();
  editor.painted = editor.edits.add(person(), label, moment(), moment());
  draw();
}

function endPaint() {
  if (editor.painted === null) return;
  editor.edits.edge(editor.painted, "end", moment());
  editor.painted = null;
  editor.edits.drop();
  changed();
}

function nudge(side, by) {
  if (!editor.edits.one()) return;
  showMoment(editor.edits.edge(editor.edits.selected, side, editor.edits.one()[side] + by));
  changed();
}

function relabel() {
  const text = byId("edit-label").value.trim();
  if (!editor.edits?.one() || !text || editor.painted !== null) return;
  editor.edits.set(editor.edits.selected, { label: labelOf(text) });
  changed();
}

function ends(side) {
  if (!editor.edits.one()) return;
  editor.edits.edge(editor.edits.selected, side, moment());
  changed();
}

const go = (by) => showMoment(Math.min(editor.edits.seconds, Math.max(0, moment() + by)));
const change = (deed) => () => { if (editor.painted === null) { deed(); changed(); } };

const DEEDS = {
  play: playOrPause,
  back: ({ shiftKey }) => go(shiftKey ? -1 : -FRAME_S),
  on: ({ shiftKey }) => go(shiftKey ? 1 : FRAME_S),
  faster: () => tellEditor(`Speed ${changeSpeed(1)}`),
  slower: () => tellEditor(`Speed ${changeSpeed(-1)}`),
  previous: () => choose(editor.edits.step(-1)),
  next: () => choose(editor.edits.step(1)),
  choose: () => choose(editor.edits.at(moment()), false),
  none: () => { if (editor.painted !== null) endPaint(); editor.edits.selected = null; draw(); },
  add: addHere,
  paint,
  startHere: () => ends("start"),
  endHere: () => ends("end"),
  leftEarlier: () => nudge("start", -FRAME_S),
  leftLater: () => nudge("start", FRAME_S),
  rightLater: () => nudge("end", FRAME_S),
  rightEarlier: () => nudge("end", -FRAME_S),
  label: () => { byId("edit-label").focus(); byId("edit-label").select(); },
  split: change(() => editor.edits.split(moment())),
  merge: change(() => editor.edits.merge()),
  remove: change(() => editor.edits.remove()),
  undo: change(() => editor.edits.undo()),
  redo: change(() => editor.edits.redo()),
  help: showKeys,
  wider: () => { zoomBy(2); draw(); bringIntoView(moment()); },
  narrower: () => { zoomBy(0.5); draw(); bringIntoView(moment()); },
  open: () => byId("edit-file").click(),
  teach: () => { endPaint(); teachIt(false); },
  insist: () => { endPaint(); teachIt(true); },
};

document.addEventListener("ikem:found", ({ detail }) => {
  if (!byId("edit-card")) return;
  byId("edit-card").hidden = !detail;
  Object.assign(editor, { edits: null, painted: null, unsaved: false });
  forgetCounts();
  if (!detail) return;
  learnCounts(detail.events.map(({ person, label, start, end, count, times }) => [person, label, start, end, count, times]));
  editor.name = detail.name;
  editor.persons = detail.people.size ? [...detail.people.keys()] : [0];
  byId("edit-now").hidden = byId("edit-insist").hidden = true;
  tellEditor("");
  beginWith(detail.seconds, detail.events.map(({ person, label, start, end, score }) => [person, label, start, end, score]));
});

function frame() {
  requestAnimationFrame(frame);
  if (!active()) return;
  if (editor.painted !== null) {
    editor.edits.edge(editor.painted, "end", moment());
    draw();
  }
  drawHead(moment());
}

document.addEventListener("click", (event) => {
  if (!editor.edits) return;
  const deed = event.target.closest("[data-edit]")?.dataset.edit, suffix = event.target.closest("[data-edit-save]")?.dataset.editSave;
  if (suffix) {
    endPaint();
    return saveAs(suffix);
  }
  if (deed) return DEEDS[deed](event);
  const id = event.target.closest(".edit-event")?.dataset.id;
  if (id !== undefined) return choose(editor.edits.one(Number(id)));
  if (event.target.id === "edit-track") showMoment(timeAt(event.clientX - event.target.getBoundingClientRect().left));
});
document.addEventListener("change", ({ target }) => {
  if (target.id === "edit-label") relabel();
  if (target.id === "edit-person" && editor.edits?.one()) {
    editor.edits.set(editor.edits.selected, { person: Number(target.value) });
    changed();
  }
  if (target.id !== "edit-file") return;
  openEvents(target.files[0]);
  target.value = ""; // the same file may be chosen again
});
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "edit-label" || event.key !== "Enter") return;
  event.preventDefault();
  relabel();
  event.target.blur();
});
window.addEventListener("resize", draw);
window.addEventListener("beforeunload", (event) => { if (editor.unsaved) event.preventDefault(); });
followKeys(active, DEEDS);
followDrags(() => editor.edits, changed);
requestAnimationFrame(frame);
