// Which cameras there are, for the visitor to choose from, and how one is asked for.
import { byId } from "./dom.js";
import { settings } from "./settings.js";

const isCamera = ({ kind }) => kind === "videoinput";

// Browsers that tell of none may still have one.
export const camerasHere = async () => (await navigator.mediaDevices.enumerateDevices().catch(() => [])).filter(isCamera);

// What getUserMedia is asked for: this device alone, or any for "".
export function constraintsOf(device) {
  const asked = settings.camera;
  if (!device) return asked;
  const { facingMode, ...video } = asked.video;
  return { ...asked, video: { ...video, deviceId: { exact: device } } };
}

// Offers all cameras; one alone is no choice.
export async function listCameras(current) {
  const found = await camerasHere();
  byId("camera-choice").replaceChildren(...found.map(({ deviceId, label }, i) =>
    new Option(label || `Camera ${i + 1}`, deviceId, false, deviceId === current)));
  byId("choice").hidden = found.length < 2;
}
