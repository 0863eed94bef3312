// The camera's pictures on their way to whoever looks at them and back as answers: the newest one always, never a queue.
import { keyNow, renewKey } from "./key.js";
import { Pace } from "./pace.js";
import { settings } from "./settings.js";
import { wayNow } from "./way.js";

const STALE_MS = 250; // an older word of the browser on when its picture was taken is not believed
const REST_MS = 500, WAIT_MS = 2000, MOST_REST_MS = 10_000; // after a failure; where there is no room; whatever is asked for
const ANSWERED_MS = 2000, SLOW_MS = 1000; // without an answer; of an answer's way here and there
const TOO_MUCH = [408, 413, "silent"]; // of a picture that is too large for the line, or for the server
const FINE = [null, 200, 204]; // null: no reply yet; 204: a newer picture came

let sensitivity = 0.5; // from the slider
let round = null; // of pictures; see sendPictures
let pace = new Pace();
const line = { pictures: 0, answers: 0 }; // see state.js; and how many came from the camera and from the server

export const setSensitivity = (place) => { sensitivity = place; };
export const lineFacts = () => line;

// Whether the server does not answer. Gradio must not be asked for anything then: it would load the page again later.
export const lineFails = () => round !== null
  && (!FINE.includes(line.status) || performance.now() - Math.max(line.goodAt, line.since) > ANSWERED_MS);

// While the camera gives nothing, no answer is late.
export function excuseLine(now) {
  line.since = now;
}

// The line is slow, or has room: how many answers a second came lately.
export function changePace(isSlow, rate, now) {
  if (isSlow) pace.smaller(now);
  else pace.larger(rate, now);
}

function heed({ status, retry }, now) {
  const before = line.status;
  line.status = status;
  if (status === 200) {
    line.goodAt = now;
    line.answers += 1;
  }
  if (FINE.includes(status)) return;
  round.restUntil = now + Math.min(MOST_REST_MS, Math.max(status === 429 ? WAIT_MS : REST_MS, retry * 1000));
  if (TOO_MUCH.includes(status)) pace.smaller(now);
  if (status !== 403) return;
  if (before !== 403) line.refusedAt = now;
  renewKey(now);
}

// What the camera shows goes, unless it went before or enough is under way; the next one goes when an answer comes.
async function send(mine) {
  const way = wayNow(), most = FINE.includes(line.status) ? way.most : 1; // in trouble one is enough to learn when it ends
  if (mine !== round || mine.shown === null || mine.under >= most || performance.now() < mine.restUntil) return;
  const facts = { taken: mine.shown, passed: mine.passed };
  Object.assign(mine, { shown: null, passed: 0, under: mine.under + 1 });
  const url = new URL(`${settings.route}?sensitivity=${sensitivity}`, document.baseURI).href;
  const start = performance.now();
  let isFree = false;
  const free = () => {
    mine.under -= isFree ? 0 : 1;
    isFree = true;
  };
  const next = () => {
    free();
    send(mine);
  };
  const said = await way.post(mine.video, { url, key: keyNow(), size: pace.size, sensitivity, taken: facts.taken }, next);
  free();
  if (mine !== round || way !== wayNow() || said.status === null) return;
  const now = performance.now();
  heed(said, now);
  if (said.answer && now - start - said.answer.ms > SLOW_MS) pace.smaller(now);
  send(mine); // before anything is drawn: the worker encodes it meanwhile
  if (said.answer) mine.answered(said.answer, facts);
}

// A picture that the camera took.
function taken(mine, now, facts) {
  line.pictureAt = performance.now();
  line.pictures += 1;
  mine.passed += mine.shown !== null;
  const at = facts?.captureTime ?? now;
  mine.shown = now - at < STALE_MS ? Math.min(at, now) : now;
  send(mine);
}

// Has every picture of a video taken while a round lasts; where the browser does not tell of each, it is looked for one.
function follow(mine) {
  const { video } = mine;
  const next = (now, facts) => {
    if (mine !== round) return;
    follow(mine);
    if (mine.may()) taken(mine, now, facts);
  };
  if (video.requestVideoFrameCallback) return video.requestVideoFrameCallback(next);
  setTimeout(() => {
    const count = video.getVideoPlaybackQuality().totalVideoFrames || video.currentTime; // Firefox counts none of a camera's
    if (mine === round && count === mine.count) return follow(mine);
    mine.count = count;
    next(performance.now());
  }, 33);
}

// Begins a new round, to which no picture of the last one belongs. Told are each answer and of its picture {taken: when
// the camera took it, ms; passed: how many before it were not sent}. `may` says whether what the camera gives is one.
export function sendPictures(video, may, answered) {
  const now = performance.now();
  round = { video, may, answered, shown: null, passed: 0, under: 0, restUntil: 0 };
  pace = new Pace();
  Object.assign(line, { pictureAt: now, goodAt: -Infinity, since: now, status: null, refusedAt: -Infinity });
  follow(round);
}

export const keepPictures = () => { round = null; };
