// A worker: MediaPipe's pose landmarker finds the people in pictures, as app/pose/landmarker.py does on a server.
import "./own_origin.js";
import { answerBy, bytesAt } from "./served.js";
import { StackPlace } from "./stack_place.js";
import { use } from "../web/constants.js";
import { wholeGraph } from "../web/recogniser_file.js";
import { LookPlan } from "../web/tracker.js";

const MOST_FAILURES = 3; // pictures in a row; a landmarker that failed is made anew each time

let vision = null, factory = null, task = null, files = null; // what landmarkers are made of
let delegate = "CPU", plan = null, lastMs = -1, failures = 0;
const landmarkers = new Map(); // by how many people they look for: one that follows fewer is faster
const places = new Map(); // of their calls on the stack

// Whether WebGL runs on a graphics processor: what is drawn by the main processor is slower than the plain way.
function hasGraphics() {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2");
  if (!gl) throw new Error("this browser has no WebGL here, by which pictures are read");
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(names ? names.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return !/swiftshader|llvmpipe|software|basic render/i.test(name);
}

async function made(people) {
  if (!landmarkers.has(people)) {
    self.ModuleFactory = factory; // which each landmarker takes away
    const options = { baseOptions: { modelAssetBuffer: new Uint8Array(task), delegate }, runningMode: "VIDEO", numPoses: people };
    landmarkers.set(people, await vision.PoseLandmarker.createFromOptions(files, options));
    if (!places.has(people)) places.set(people, new StackPlace());
  }
  return landmarkers.get(people);
}

function close() {
  for (const landmarker of landmarkers.values()) landmarker.close();
  landmarkers.clear();
}

// addresses: of the parts, absolute; card: recogniser.json. Gives {graphics: whether the other way may be quicker}.
async function load({ addresses, card }) {
  use(card);
  const graphics = hasGraphics();
  vision = await import(addresses.vision);
  factory = (await import(addresses.visionLoader)).default;
  files = { wasmLoaderPath: addresses.visionLoader, wasmBinaryPath: addresses.visionWasm };
  task = await bytesAt(addresses.pose);
  if (card.pose) await wholeGraph(task, card.pose);
  await begin({ way: "CPU" });
  return { graphics };
}

// Begins anew, by "CPU" or "GPU".
async function begin({ way }) {
  close();
  [delegate, plan, lastMs, failures] = [way, new LookPlan(), -1, 0];
  await made(plan.most);
}

const flat = (points) => Float32Array.from(points.flatMap(({ x, y, z }) => [x, y, z]));

function posesOf({ landmarks, worldLandmarks }) {
  return landmarks.map((points, k) => ({
    image: flat(points), world: flat(worldLandmarks[k]),
    visibility: Float32Array.from(points, ({ visibility }) => visibility ?? 0),
  }));
}

// The people in a picture, which is closed: {poses, ms: what it took}.
async function look({ picture, timeS }) {
  const start = performance.now(), people = plan.next(timeS);
  lastMs = Math.max(Math.round(timeS * 1000), lastMs + 1); // whole milliseconds, which must increase
  try {
    const landmarker = await made(people);
    const poses = posesOf(places.get(people).call(() => landmarker.detectForVideo(picture, lastMs)));
    plan.found(timeS, poses.length);
    failures = 0;
    return { poses, ms: performance.now() - start };
  } catch (error) {
    landmarkers.delete(people); // one that has failed once fails for ever
    failures += 1;
    if (failures >= MOST_FAILURES) throw error;
    return { poses: [], ms: performance.now() - start };
  } finally {
    picture.close();
  }
}

answerBy({ load, begin, look });
