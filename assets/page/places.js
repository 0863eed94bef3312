// After "All places are taken": an empty picture asks now and then whether one is free, so that the camera rests meanwhile.
import { cameraFacts, inSight, startCamera } from "./camera.js";
import { keyNow, renewKey } from "./key.js";
import { poster } from "./post_picture.js";
import { settings } from "./settings.js";

const ASK_MS = 10_000; // words.js tells it
const SIZE = { side: 32, quality: 0.5 };
let ask = null, isAsking = false; // ask: posts the empty picture

const waits = () => cameraFacts().phase === "failed" && cameraFacts().kind === "Full" && inSight();

async function look() {
  if (isAsking || !waits()) return;
  isAsking = true;
  const picture = Object.assign(document.createElement("canvas"), { width: SIZE.side, height: SIZE.side });
  ask ??= poster(document.createElement("canvas"));
  const url = new URL(settings.route, document.baseURI).href;
  const { status, answer } = await ask({ picture, url, key: keyNow(), size: SIZE });
  isAsking = false;
  if (status === 403) renewKey();
  if (answer && !answer.full && waits()) startCamera();
}

setInterval(look, ASK_MS);
