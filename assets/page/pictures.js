// The camera's pictures on their way to the server and back as answers: the newest one always, never a queue of them.
import { settings } from "./settings.js";
import { late } from "./speed.js";
import { note } from "./stage.js";

const AT_ONCE = 2; // pictures under way: one that the server looks at, and one that arrives meanwhile
const STALE_MS = 250; // an older word of the browser on when its picture was taken is not believed
const REST_MS = 500; // after a picture that could not be sent
const TROUBLES = {
  0: "The program that serves this page does not answer",
  403: "Load this page again: the program that serves it was started anew",
};

let key = "", sensitivity = 0.5; // from the server, and from the slider
let worker = null, number = 0; // of the last picture
const waiting = new Map(); // number of a picture -> who waits for what becomes of it
let round = 0, under = 0, restUntil = 0; // under: pictures under way
let shown = null, passed = 0; // when the camera took the picture that has not been sent; how many never were

export const setKey = (given) => { key = given; };
export const hasKey = () => Boolean(key);
export const setSensitivity = (place) => { sensitivity = place; };

function arrived({ number, status, answer }) {
  waiting.get(number)({ status, answer });
  waiting.delete(number);
}

function start() {
  const begun = new Worker(new URL("./picture_worker.js", import.meta.url));
  begun.onmessage = ({ data }) => arrived(data);
  // Only a server that was started anew, with other scripts, has no such file.
  begun.onerror = () => {
    worker = null;
    for (const number of [...waiting.keys()]) arrived({ number, status: 403, answer: null });
  };
  return begun;
}

function ask(picture) {
  worker ??= start();
  const url = new URL(`${settings.route}?sensitivity=${sensitivity}`, document.baseURI).href;
  worker.postMessage({ number: ++number, picture, url, key }, [picture]);
  return new Promise((done) => waiting.set(number, done));
}

// What the camera shows goes, unless it went before or enough is under way; the next one goes when an answer comes.
async function send(video, mine, answered) {
  if (mine !== round || shown === null || under >= AT_ONCE || performance.now() < restUntil) return;
  const facts = { taken: shown, passed };
  [shown, passed] = [null, 0];
  under += 1;
  let said = null;
  try {
    said = await ask(window.VideoFrame ? new VideoFrame(video) : await createImageBitmap(video));
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error; // the camera has no picture at the moment
  } finally {
    under -= 1;
  }
  if (mine !== round || !said) return;
  if (said.status !== 200 && said.status !== 204) restUntil = performance.now() + REST_MS;
  send(video, mine, answered); // before anything is drawn: the worker encodes it meanwhile
  if (said.answer) answered(said.answer, facts);
  note(TROUBLES[said.status] || late());
}

// Begins a new round, to which no picture of the last one belongs. Told are each answer and of its picture {taken: when
// the camera took it, ms; passed: how many before it were not sent}.
export function sendPictures(video, answered) {
  const mine = ++round;
  [shown, passed] = [null, 0];
  const wait = () => (video.requestVideoFrameCallback ? video.requestVideoFrameCallback(next) : setTimeout(next, 33));
  const next = (now = performance.now(), facts) => {
    if (mine !== round) return;
    passed += shown !== null;
    const taken = facts?.captureTime ?? now;
    shown = now - taken < STALE_MS ? Math.min(taken, now) : now;
    send(video, mine, answered);
    wait();
  };
  wait();
}

export const keepPictures = () => { round += 1; };
