// The editor's keys, and the table of them; dead in text fields, and while the editor is out of sight.
import { byId } from "./dom.js";

const FIELDS = "input, textarea, select, [contenteditable]";

// [key, what it does, the deed]; Shift is in the key itself, such as "L".
const KEYS = [
  [" ", "play or pause", "play"],
  ["ArrowLeft", "one picture back (Shift: a second)", "back"],
  ["ArrowRight", "one picture on (Shift: a second)", "on"],
  ["+", "faster", "faster"],
  ["-", "slower", "slower"],
  ["[", "the event before", "previous"],
  ["]", "the next event", "next"],
  ["Enter", "choose the event at this moment", "choose"],
  ["Escape", "choose none; end painting", "none"],
  ["a", "a new event here", "add"],
  ["p", "paint: begin or end an event while it plays", "paint"],
  ["i", "the event starts here", "startHere"],
  ["o", "the event ends here", "endHere"],
  ["l", "left edge a picture earlier", "leftEarlier"],
  ["L", "left edge a picture later", "leftLater"],
  ["r", "right edge a picture later", "rightLater"],
  ["R", "right edge a picture earlier", "rightEarlier"],
  ["e", "the label", "label"],
  ["s", "split it here", "split"],
  ["m", "merge it with the person's next one", "merge"],
  ["Delete", "delete it (or Backspace)", "remove"],
  ["Ctrl+z", "undo", "undo"],
  ["Ctrl+Z", "redo (or Ctrl+y)", "redo"],
  ["?", "these keys", "help"],
];
const NAMES = { " ": "Space", ArrowLeft: "\u2190", ArrowRight: "\u2192", "Ctrl+Z": "Ctrl+Shift+z", L: "Shift+l", R: "Shift+r" };
const DEEDS = new Map(KEYS.map(([key, , deed]) => [key, deed]));
DEEDS.set("Backspace", "remove").set("Ctrl+y", "redo").set("=", "faster");

export function showKeys() {
  const dialog = byId("edit-keys"), body = dialog.querySelector("tbody");
  if (!body.children.length) {
    for (const [key, what] of KEYS) {
      const row = body.insertRow(), name = document.createElement("kbd");
      name.textContent = NAMES[key] ?? key;
      row.insertCell().append(name);
      row.insertCell().textContent = what;
    }
  }
  dialog.showModal();
}

// active: whether the editor is in sight; deeds: {name: function of the key's event}.
export function followKeys(active, deeds) {
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (!active() || event.altKey || target.closest?.(FIELDS) || byId("edit-keys").open) return;
    if ((key === " " || key === "Enter") && target.closest?.("button, a, summary, video, [role=tab]")) return;
    const deed = DEEDS.get(event.ctrlKey || event.metaKey ? `Ctrl+${key}` : key);
    if (!deed || (target.closest?.("[role=tab], video") && key.startsWith("Arrow"))) return;
    event.preventDefault();
    deeds[deed](event);
  });
}
