// The camera: starting and stopping it, and which one. It tells its listeners when it has started, stopped or failed.
import { byId } from "./dom.js";
import { hasKey } from "./pictures.js";
import { settings } from "./settings.js";
import { cameraVideo, note, setMirrored, showTrouble } from "./stage.js";

const media = navigator.mediaDevices;
let running = false, wanted = ""; // whether pictures are taken; the device that the visitor chose

export const camera = new EventTarget(); // "started", "stopped", "failed"
export const isRunning = () => running;

const tell = (what) => camera.dispatchEvent(new Event(what));

function fail(kind) {
  showTrouble(kind);
  tell("failed");
}

function constraints() {
  const asked = settings.camera;
  if (!wanted) return asked;
  const { facingMode, ...video } = asked.video;
  return { ...asked, video: { ...video, deviceId: { exact: wanted } } };
}

// The camera's stream, null where there is none, which is said then.
async function open() {
  const slow = setTimeout(() => note("Allow the camera in your browser's question"), 600);
  try {
    const stream = await media.getUserMedia(constraints());
    setMirrored(stream.getVideoTracks()[0]?.getSettings().facingMode !== "environment"); // a rear camera is no mirror
    return stream;
  } catch (error) {
    fail(error.name === "SecurityError" ? "NotAllowedError" : error.name);
    return null;
  } finally {
    clearTimeout(slow);
    note("");
  }
}

async function until(ready, seconds = 30) {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    const found = ready();
    if (found) return found;
    if (!byId("trouble").hidden) return null;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  fail("Other");
  return null;
}

const release = () => cameraVideo()?.srcObject?.getTracks().forEach((track) => track.stop());

// Whether the video shows the camera.
async function connect() {
  const stream = await open();
  if (!stream) return false;
  cameraVideo().srcObject = stream;
  await cameraVideo().play();
  return Boolean(await until(() => cameraVideo().videoWidth));
}

function fit() {
  const { videoWidth, videoHeight } = cameraVideo();
  byId("stage").style.aspectRatio = `${videoWidth} / ${videoHeight}`; // show all that the camera sees
}

async function list() {
  const cameras = (await media.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
  const current = cameraVideo().srcObject?.getVideoTracks()[0]?.getSettings().deviceId;
  byId("camera-choice").replaceChildren(...cameras.map(({ deviceId, label }, i) =>
    new Option(label || `Camera ${i + 1}`, deviceId, false, deviceId === current)));
  byId("choice").hidden = cameras.length < 2;
}

export async function startCamera() {
  byId("trouble").hidden = true;
  byId("start-card").hidden = true;
  if (!media || !media.getUserMedia) return fail("Insecure");
  if (!(await until(hasKey)) || !(await connect())) return; // the page may still be building itself
  fit();
  byId("stage").classList.add("running");
  running = true;
  byId("stop").hidden = false;
  byId("stop").focus({ preventScroll: true });
  tell("started");
  list();
}

async function change(device) {
  wanted = device;
  if (!running) return;
  release();
  if (!(await connect())) return;
  fit();
  list();
}

function stop() {
  if (!running) return;
  running = false;
  byId("stage").classList.remove("running");
  release();
  byId("stop").hidden = true;
  byId("start-card").hidden = false;
  byId("start").focus({ preventScroll: true });
  note("");
  tell("stopped"); // while the video still has its size
  cameraVideo().srcObject = null;
  byId("stage").style.aspectRatio = "";
  setTimeout(() => byId("stopped")?.click(), 300); // once what is on its way has arrived: end what goes on
}

// The server takes no pictures of this visitor.
export function refuse(kind) {
  stop();
  fail(kind);
}

document.addEventListener("click", (event) => {
  const id = event.target.closest("button")?.id;
  if (id === "start" || id === "retry") startCamera();
  if (id === "stop") stop();
});
document.addEventListener("change", ({ target }) => {
  if (target.id === "camera-choice") change(target.value);
});
