// In which state the camera and the line to the server are, by what was last seen of both. Nothing here touches the page.
const PICTURE_MS = 2000, ANSWER_MS = 2000; // without a picture of the camera, or without an answer
const FIRST_MS = 5000; // that the first answer may take, for which the server reads its pose model into memory
const GRACE_MS = 1000; // an answer so new outweighs a failure: of two pictures under way, one may fail
const ASKING_MS = 600; // a browser that need not ask the visitor has answered by then
const KEY_MS = 3000; // in which a new key comes
const LEAST_RATE = 6, LEAST_CAMERA = 7; // pictures a second
const BUSY = 0.5; // share of the time for which the server works on this visitor's pictures, above which it is the cause

const BY_STATUS = { 0: "offline", 401: "login", 408: "tardy", 413: "large", 415: "unreadable", 429: "busy", 503: "busy" };
const OF_CAMERA = new Set(["muted", "paused", "still"]);
const NOTES = new Set(["slow camera", "slow server", "slow browser", "slow line"]);

// Whether it is the camera that is at fault while it runs.
export const isOfCamera = (state) => OF_CAMERA.has(state);

// Whether answers may be shown: where not, what is shown is old.
export const isLive = (state) => state === "live" || NOTES.has(state);

function ofLine({ status, goodAt, since, refusedAt }, here, now) {
  const quiet = now - Math.max(goodAt, since); // ms without an answer
  if (status === 403) return now - refusedAt < KEY_MS ? "renewing" : "refused";
  if (quiet <= GRACE_MS) return "";
  if (typeof status === "string") return status;
  if (status !== null && status !== 200 && status !== 204) return BY_STATUS[status] ?? "failing";
  if (quiet <= ANSWER_MS) return "";
  if (here) return "stuck";
  return status === null && goodAt < since && quiet <= FIRST_MS ? "first" : "silent";
}

// {answers, pictures: a second, null where not known yet; server: ms on a picture; here: whether the browser does it}
function pace({ answers, pictures, server, here }) {
  if (answers === null || answers >= LEAST_RATE) return "live";
  if (pictures < LEAST_CAMERA) return "slow camera";
  if (here) return "slow browser";
  return server * answers > 1000 * BUSY ? "slow server" : "slow line";
}

// camera: {phase, kind: why it failed, since: when the phase began, muted, paused}
// line: {pictureAt: of the camera's last picture, status of the last reply, goodAt: of the last answer, since: when
//   pictures began to go, refusedAt: of the first 403 after an answer}; all times in ms.
// Status: a number of HTTP, 0 for no connection, null for no reply yet, or a state's name that the page itself found.
export function stateOf(camera, line, rates, now) {
  const { phase } = camera;
  if (phase === "starting") return now - camera.since < ASKING_MS ? "starting" : "asking";
  if (phase !== "on") return phase;
  if (camera.muted) return "muted";
  if (camera.paused) return "paused";
  if (now - line.pictureAt > PICTURE_MS) return "still";
  return ofLine(line, rates.here, now) || pace(rates);
}
