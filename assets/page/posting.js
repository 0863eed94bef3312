// Who posts the pictures: a worker, or the page itself where there is none or it fails.
import { poster } from "./post_picture.js";

const STUCK_MS = 8000; // a worker that says nothing for so long never will
let worker = null, here = null, strikes = 0; // here: a function of the page, once that posts
let number = 0; // of the last picture
const waiting = new Map(); // number of a picture -> who waits for what becomes of it

function arrived({ number, ...said }) {
  waiting.get(number)?.(said);
  waiting.delete(number);
}

// Of what was under way nobody knows what became.
function end() {
  worker?.terminate();
  worker = null;
  for (const number of [...waiting.keys()]) arrived({ number, status: null });
}

function withoutWorker() {
  here ??= poster(document.createElement("canvas"));
  end();
}

// A computer that slept comes back to a stuck worker once; one that is stuck again is no good.
function stuck() {
  strikes += 1;
  if (strikes > 1) withoutWorker();
  else end();
}

function begin() {
  worker = new Worker(new URL("./picture_worker.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => arrived(data);
  worker.onerror = worker.onmessageerror = withoutWorker;
}

// What the video shows now, for a worker; null where it shows nothing.
export async function pictureOf(video) {
  try {
    return window.VideoFrame ? new VideoFrame(video) : await createImageBitmap(video);
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
    return null;
  }
}

async function byWorker(video, asked) {
  if (!worker) begin();
  const picture = await pictureOf(video), mine = ++number;
  if (!picture || !worker) {
    picture?.close();
    return { status: null };
  }
  worker.postMessage({ number: mine, picture, ...asked }, [picture]);
  const timer = setTimeout(stuck, STUCK_MS);
  const said = await new Promise((done) => waiting.set(mine, done));
  clearTimeout(timer);
  if (said.status === "encode") withoutWorker();
  return said;
}

// Posts what the video shows; asked: {url, key, size}. Gives what post_picture.js tells, or {status: null} where nothing
// was sent or it is not known what became of it.
export async function postPicture(video, asked) {
  if (here) return here({ picture: video, ...asked });
  try {
    return await byWorker(video, asked);
  } catch {
    withoutWorker(); // no workers, or none that takes pictures
    return { status: null };
  }
}
