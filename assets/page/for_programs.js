// Where other programs hear the events of this visitor's camera, where the server offers it.
import { byId } from "./dom.js";

export function showAddresses({ events, overlay }) {
  if (!events || !byId("for-programs")) return;
  byId("for-programs").hidden = false;
  for (const [id, address] of [["events-address", events], ["overlay-address", overlay]]) {
    const field = byId(id);
    field.value = new URL(address, document.baseURI).href;
    field.onfocus = () => field.select();
  }
}
