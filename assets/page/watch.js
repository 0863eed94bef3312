// The watchdog: four times a second, and when the camera changes, it looks in which state camera and line are.
import { camera, cameraFacts, nudgeCamera } from "./camera.js";
import { changePace, excuseLine, lineFacts } from "./pictures.js";
import { Rates } from "./rates.js";
import { serverMs } from "./speed.js";
import { isLive, isOfCamera, stateOf } from "./state.js";
import { wayNow } from "./way.js";

const LOOK_MS = 250;
let state = "off", kind = "", rates = new Rates();

export const watch = new EventTarget(); // "changed" after each change; its detail is {state, kind: of a failure, before}

// Looks now, and tells whether answers may be shown.
export function look() {
  const now = performance.now(), facts = cameraFacts(), line = lineFacts(), before = state;
  const paces = rates.look(now, line.pictures, line.answers);
  state = stateOf(facts, line, { ...paces, server: serverMs(), here: wayNow().here }, now);
  if (isOfCamera(state)) excuseLine(now);
  if (state === "paused") nudgeCamera();
  if (!isLive(state)) rates = new Rates();
  else if (paces.answers !== null) changePace(state === "slow line", paces.answers, now);
  if (state !== before || facts.kind !== kind) {
    kind = facts.kind;
    watch.dispatchEvent(new CustomEvent("changed", { detail: { state, kind, before } }));
  }
  return isLive(state);
}

setInterval(look, LOOK_MS);
camera.addEventListener("changed", look);
