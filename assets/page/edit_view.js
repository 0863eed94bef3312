// The editor's timeline: a row for each person, blocks to choose, and handles at the edges of the chosen one.
import { tint } from "./colours.js";
import { byId } from "./dom.js";
import { countOf } from "./edit_counts.js";
import { lanesOf } from "./edit_events.js";
import { personName, times, word } from "./names.js";

const ROW = 44, SIDE = 44; // pixels: what a finger can hit

let zoom = 1, width = 0, seconds = 1; // width of the track without its sides

export const clock = (t) => `${Math.floor(t / 60)}:${(t % 60).toFixed(2).padStart(5, "0")}`;
export const timeAt = (x) => Math.min(seconds, Math.max(0, ((x - SIDE) / width) * seconds));
const left = (t) => SIDE + (t / seconds) * width;

export function zoomBy(factor) {
  zoom = Math.min(64, Math.max(1, zoom * factor));
}

function block(event, row, chosen) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "edit-event";
  element.dataset.id = event.id;
  element.textContent = word(event.label);
  const what = `${word(event.label)} ${times(countOf(event).count)}`.trim();
  element.title = `${personName(event.person)}: ${what}, ${clock(event.start)} to ${clock(event.end)}`;
  element.setAttribute("aria-label", element.title);
  element.setAttribute("aria-pressed", String(chosen));
  Object.assign(element.style, {
    left: `${left(event.start)}px`, width: `${Math.max(4, left(event.end) - left(event.start))}px`, top: `${row * ROW + 4}px`,
    background: tint(event.label),
  });
  return element;
}

function handle(event, side, row) {
  const element = document.createElement("span");
  element.className = `edit-handle ${side}`;
  element.dataset.edge = side;
  element.dataset.of = event.id;
  element.style.left = `${side === "start" ? left(event.start) - SIDE : left(event.end)}px`;
  element.style.top = `${row * ROW}px`;
  return element;
}

function named(person, row) {
  const element = document.createElement("span");
  element.className = "edit-who";
  element.textContent = personName(person);
  element.style.top = `${row * ROW}px`;
  return element;
}

// Draws the events anew; the track keeps its place and the focus its block.
export function drawEdits(edits, persons) {
  const track = byId("edit-track"), scroller = byId("edit-scroller");
  [seconds, width] = [edits.seconds, Math.max(80, scroller.clientWidth - 2 * SIDE) * zoom];
  const focused = document.activeElement?.closest("#edit-track") ? document.activeElement.dataset.id : null;
  const lanes = lanesOf(edits.events, persons), parts = [];
  lanes.forEach(({ person, events }, row) => {
    if (!row || lanes[row - 1].person !== person) parts.push(named(person, row));
    for (const event of events) {
      const chosen = event.id === edits.selected;
      parts.push(block(event, row, chosen));
      if (chosen) parts.push(handle(event, "start", row), handle(event, "end", row));
    }
  });
  track.style.width = `${width + 2 * SIDE}px`;
  track.style.height = `${Math.max(1, lanes.length) * ROW}px`;
  track.querySelectorAll(".edit-event, .edit-handle, .edit-who").forEach((it) => it.remove());
  track.append(...parts);
  if (focused !== null) track.querySelector(`[data-id="${focused}"]`)?.focus({ preventScroll: true });
}

export function drawHead(t) {
  byId("edit-head").style.transform = `translateX(${left(t)}px)`;
}

// Scrolls so that a moment can be seen.
export function bringIntoView(t) {
  const scroller = byId("edit-scroller"), x = left(t);
  if (x < scroller.scrollLeft + SIDE || x > scroller.scrollLeft + scroller.clientWidth - SIDE) {
    scroller.scrollLeft = x - scroller.clientWidth / 2;
  }
}
