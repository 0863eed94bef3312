// The landmarks of a visitor whose own browser recognises, as a file to keep: one button begins, and then downloads.
import { byId, save } from "./dom.js";

export const RECORDING = "ikem-live.ikem";
const NOTHING = "No picture came: nothing was recorded";
const canPack = "CompressionStream" in window; // by which the file is made

let here = null; // the recogniser in this browser, null while there is none
let isOn = false;

// Whether a recording is kept that nobody has downloaded yet.
export const isRecording = () => isOn;

function show(said = "") {
  const button = byId("record-here");
  if (!button) return;
  button.hidden = !canPack || !here;
  button.textContent = said || (isOn ? "Download landmarks" : "Record landmarks");
}

// Takes the recogniser that is to record, null where there is none any more, and with it what it recorded.
export function recordBy(given) {
  if (given === here) return;
  [here, isOn] = [given, false];
  show();
}

async function turn() {
  const button = byId("record-here");
  button.disabled = true;
  let said = "";
  try {
    if (isOn) {
      const file = await here.recorded();
      if (file) save(RECORDING, "application/octet-stream", file);
      else said = NOTHING;
    } else await here.record();
    isOn = !isOn;
  } catch (error) {
    said = `Not recorded: ${error.message}`;
  }
  button.disabled = false;
  show(said);
}

document.addEventListener("click", ({ target }) => {
  if (target.closest("#record-here") && here) turn();
});
