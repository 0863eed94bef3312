// The camera: starting, resting and stopping it, and which one. Its phase is "off", or in turn "key" (none came yet),
// "starting" and "on"; "resting" while nobody can see the stage, "failed" behind a curtain that says why.
import { camerasHere, constraintsOf, listCameras } from "./camera_choice.js";
import { byId } from "./dom.js";
import { keyInTime, renewKey } from "./key.js";
import { cameraVideo, hideTrouble, remark, setMirrored, showTrouble } from "./stage.js";
import { openStream, releaseStream } from "./stream.js";
import { wayNow } from "./way.js";

const SIZE_MS = 10_000; // in which a camera has shown its first picture
const media = navigator.mediaDevices;
let phase = "off", kind = "", since = 0; // kind: of the failure
let turn = 0; // of starting: what an earlier turn waited for is nobody's any more
let wanted = "", track = null, muted = false; // the device that the visitor chose; the camera's track

export const camera = new EventTarget(); // "started", "rested", "stopped", "failed", and "changed" with each of them
export const isRunning = () => phase === "on";
const isReachable = Boolean(window.isSecureContext && media?.getUserMedia);
export const cameraFacts = () => ({ phase, kind, since, muted, paused: Boolean(cameraVideo()?.paused) });
const deviceNow = () => track?.getSettings().deviceId || wanted;
export const givesPictures = () => phase === "on" && !muted && !cameraVideo().paused;

function enter(to, event) {
  [phase, since] = [to, performance.now()];
  byId("stage").classList.toggle("running", to === "on");
  byId("stop").hidden = to !== "on" && to !== "starting";
  byId("start-card").hidden = to !== "off";
  if (event) camera.dispatchEvent(new Event(event));
  camera.dispatchEvent(new Event("changed"));
}

function release() {
  turn += 1;
  releaseStream();
  track = null;
  const video = cameraVideo();
  if (video) video.srcObject = null;
}

export function failCamera(why) {
  release();
  kind = why;
  showTrouble(why);
  enter("failed", "failed");
}

// The camera's stream: of the one that was chosen, or of another one where that is gone; null where nobody waits for it.
async function open() {
  try {
    return await openStream(media, wanted, constraintsOf(wanted));
  } catch (error) {
    if (!wanted || !["OverconstrainedError", "NotFoundError"].includes(error.name)) throw error;
    wanted = "";
    const stream = await openStream(media, wanted, constraintsOf(wanted));
    if (stream) remark(`The camera that you chose is gone. This is another: ${stream.getVideoTracks()[0].label}`);
    return stream;
  }
}

function watchTrack(stream) {
  const mine = track = stream.getVideoTracks()[0];
  const { deviceId, facingMode } = mine.getSettings();
  muted = mine.muted;
  mine.onmute = mine.onunmute = ({ type }) => {
    if (mine !== track) return;
    muted = type === "mute";
    camera.dispatchEvent(new Event("changed"));
  };
  mine.onended = () => mine === track && lose(deviceId);
  setMirrored(facingMode !== "environment"); // a rear camera is no mirror
}

// The video's own size, once it has one.
async function sized(mine) {
  const video = cameraVideo();
  for (const end = performance.now() + SIZE_MS; performance.now() < end && mine === turn;) {
    if (video.videoWidth) return;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  if (mine === turn) throw new Error("no picture came");
}

// Shows the camera, unless another turn begins meanwhile.
async function connect(mine) {
  try {
    const stream = await open(), video = cameraVideo();
    if (mine !== turn || !stream) return;
    watchTrack(stream);
    video.srcObject = stream;
    await video.play().catch((error) => { throw Object.assign(error, { held: error.name === "NotAllowedError" }); });
    await sized(mine);
  } catch (error) {
    if (mine === turn) failCamera(error.held ? "Held" : error.name === "SecurityError" ? "NotAllowedError" : error.name);
    return;
  }
  if (mine !== turn) return;
  fit();
  enter("on", "started");
  listCameras(deviceNow());
}

function fit() {
  const { videoWidth, videoHeight } = cameraVideo();
  if (videoWidth) byId("stage").style.aspectRatio = `${videoWidth} / ${videoHeight}`; // show all that the camera sees
}

// Starts the camera, unless it runs or is being started.
export async function startCamera() {
  if (["key", "starting", "on"].includes(phase)) return;
  if (!isReachable) return failCamera("Insecure");
  if (phase === "failed" && kind === "NoKey") renewKey();
  hideTrouble();
  const mine = ++turn;
  enter("key");
  const hasKey = !wayNow().needsKey || (await keyInTime()); // the page may still be building itself
  if (mine !== turn) return;
  if (!hasKey) return failCamera("NoKey");
  enter("starting");
  await connect(mine);
}

// The camera ended by itself. Another one takes its place where it is gone; where it is still there, somebody ended it.
async function lose(device) {
  release();
  const mine = turn;
  enter("starting");
  const left = await camerasHere();
  if (mine !== turn) return;
  if (!left.length || left.some(({ deviceId }) => deviceId === device)) return failCamera("Gone");
  wanted = left[0].deviceId;
  remark(`The camera is gone. This is another: ${left[0].label}`);
  await connect(mine);
}

async function change(device) {
  wanted = device;
  if (phase === "failed") return startCamera();
  if (phase !== "on" && phase !== "starting") return;
  release();
  hideTrouble();
  enter("starting");
  await connect(turn);
}

export function stopCamera() {
  if (["off", "failed"].includes(phase)) return;
  release();
  byId("stage").style.aspectRatio = "";
  enter("off", "stopped");
}

// The camera rests while nobody can see the stage: another tab is open, or the page is hidden.
function rest() {
  release();
  enter("resting", "rested");
}

// Whether the visitor can see the stage.
export const inSight = () => document.visibilityState !== "hidden" && byId("stage").clientWidth > 0;

function lookAround() {
  if (!inSight() && ["key", "starting", "on"].includes(phase)) rest();
  if (inSight() && phase === "resting") startCamera();
}

// Once the page has built itself.
export function watchStage() {
  new ResizeObserver(() => setTimeout(lookAround, 100)).observe(byId("stage"));
  document.addEventListener("visibilitychange", lookAround);
  cameraVideo().addEventListener("resize", () => phase === "on" && fit()); // whoever turns a telephone turns its camera
  if (!isReachable) return failCamera("Insecure");
  media.addEventListener?.("devicechange", async () => {
    if (phase !== "off") listCameras(deviceNow()); // browsers name no camera before they were allowed to
    const missed = phase === "failed" && ["Gone", "NotFoundError"].includes(kind);
    if (missed && (await camerasHere()).length && inSight()) startCamera();
  });
}

// A browser that paused the camera, for a call or to save power, may go on by now.
export const nudgeCamera = () => cameraVideo().play().catch(() => {});

async function begin() {
  await startCamera();
  if (phase === "on") byId("stop").focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const id = event.target.closest("button")?.id;
  if (id === "start" || id === "retry") begin();
  if (id !== "stop") return;
  stopCamera();
  byId("start").focus({ preventScroll: true });
});
document.addEventListener("change", ({ target }) => {
  if (target.id === "camera-choice") change(target.value);
});
