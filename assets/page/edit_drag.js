// Dragging the edges of an event, by mouse, pen or finger; the picture follows the edge.
import { byId } from "./dom.js";
import { timeAt } from "./edit_view.js";
import { showMoment } from "./player.js";

let dragged = null; // {id, side, off: of the pointer from the edge, pixels}

// edits: gives the events, null while there are none; draw: shows them.
export function followDrags(edits, draw) {
  const x = (event) => event.clientX - byId("edit-track").getBoundingClientRect().left;
  document.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest?.(".edit-handle"), here = edits();
    if (!handle || !here || event.button) return;
    event.preventDefault(); // no text is marked, and the page does not scroll
    const id = Number(handle.dataset.of), side = handle.dataset.edge, edge = handle.getBoundingClientRect();
    dragged = { id, side, off: event.clientX - (side === "start" ? edge.right : edge.left) };
    here.hold();
  });
  document.addEventListener("pointermove", (event) => {
    if (!dragged || !edits()) return;
    showMoment(edits().edge(dragged.id, dragged.side, timeAt(x(event) - dragged.off)));
    draw();
  });
  const end = (keep) => () => {
    if (!dragged) return;
    dragged = null;
    if (keep) edits()?.drop();
    else edits()?.cancel();
    draw();
  };
  document.addEventListener("pointerup", end(true));
  document.addEventListener("pointercancel", end(false));
}
