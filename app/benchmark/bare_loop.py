"""The bare loop beside which the page in the browser is measured: a camera, a worker with the landmarker, nothing else.

It is a page of a few lines that lies in a site beside the site's own files (app.site.build), whose parts it loads. Its
worker is either one that follows one person, as short as such a worker can be, or the page's own, which looks for more
people from time to time.
"""

from __future__ import annotations

PLACE = "bench"  # the folder in the site
PAGE = f"{PLACE}/bare.html"
ALONE, OWN = "./bare_worker.js", "../page/pose_worker.js"  # the workers, as bare.js calls them
_HTML = """<!doctype html><meta charset="utf-8"><title>bare loop</title>
<video muted playsinline width="640" height="480"></video><script type="module" src="bare.js"></script>"""
# `begin` loads a worker and looks at every newest picture. Of each is kept [time, age (both in ms), people].
_SCRIPT = """
import { AskedWorker } from "../page/asked_worker.js";
import { pictureOf } from "../page/posting.js";

window.measured = [];
window.begin = async (script, { here, camera }) => {
  const whole = ([name, at]) => [name, new URL(`../${at}`, document.baseURI).href];
  const addresses = Object.fromEntries(Object.entries(here).map(whole));
  const card = await (await fetch(addresses.card)).json(), video = document.querySelector("video");
  const worker = new AskedWorker(new Worker(new URL(script, import.meta.url), { type: "module" }));
  await worker.ask("load", { addresses, card });
  let taken = null, isBusy = false;
  const look = async () => {
    if (isBusy || taken === null) return;
    const mine = taken;
    [taken, isBusy] = [null, true];
    const picture = await pictureOf(video);
    const { poses } = await worker.ask("look", { picture, timeS: mine / 1000 }, [picture]);
    isBusy = false;
    const now = performance.now();
    window.measured.push([now, now - mine, poses.length]);
    look();
  };
  const next = (now, { captureTime }) => {
    video.requestVideoFrameCallback(next);
    taken = Math.min(captureTime ?? now, now);
    look();
  };
  video.srcObject = await navigator.mediaDevices.getUserMedia(camera);
  video.requestVideoFrameCallback(next);
  await video.play();
};
"""
_WORKER = """
import "../page/own_origin.js";
import { answerBy, bytesAt } from "../page/served.js";

let landmarker = null, lastMs = -1;

async function load({ addresses }) {
  const vision = await import(addresses.vision);
  self.ModuleFactory = (await import(addresses.visionLoader)).default;
  const baseOptions = { modelAssetBuffer: new Uint8Array(await bytesAt(addresses.pose)), delegate: "CPU" };
  const files = { wasmLoaderPath: addresses.visionLoader, wasmBinaryPath: addresses.visionWasm };
  landmarker = await vision.PoseLandmarker.createFromOptions(files, { baseOptions, runningMode: "VIDEO", numPoses: 1 });
}

function look({ picture, timeS }) {
  lastMs = Math.max(Math.round(1000 * timeS), lastMs + 1);
  const { landmarks } = landmarker.detectForVideo(picture, lastMs);
  picture.close();
  return { poses: landmarks };
}

answerBy({ load, look });
"""


def bare_files() -> dict[str, bytes]:
    """Return the files of the bare loop by their paths in a site."""
    files = {PAGE: _HTML, f"{PLACE}/bare.js": _SCRIPT, f"{PLACE}/bare_worker.js": _WORKER}
    return {path: text.encode() for path, text in files.items()}
