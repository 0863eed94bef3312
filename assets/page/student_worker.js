// A worker: the recogniser's graph on ONNX Runtime, one window at a time. Two may ask it: the page, which loads it, and
// by a port the worker that holds the stream.
import "./own_origin.js";
import { answerBy, bytesAt } from "./served.js";
import { wholeGraph } from "../web/recogniser_file.js";

let ort = null, session = null, starts = null;

// addresses: of the parts, absolute; card: recogniser.json; port: of whoever asks for windows.
async function load({ addresses, card, port }) {
  const content = await wholeGraph(await bytesAt(addresses.graph), card);
  ort = await import(addresses.ort);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = { mjs: addresses.ortLoader, wasm: addresses.ortWasm };
  session = await ort.InferenceSession.create(new Uint8Array(content), { executionProviders: ["wasm"] });
  starts = Object.fromEntries(Object.entries(card.starts).map(([kind, rows]) => [kind, BigInt64Array.from(rows, BigInt)]));
  let turn = Promise.resolve();
  port.onmessage = ({ data: { number, ...given } }) => {
    turn = turn.then(() => run(given)).then(
      (value) => port.postMessage({ number, value }),
      (error) => port.postMessage({ number, failed: String(error?.message ?? error) }),
    );
  };
}

// The graph's outputs {name: numbers} on its inputs; kind: of `starts`, "live" or "clip".
async function run({ inputs: { landmarks, visibility, times, end }, kind }) {
  const poses = times.length, tensor = (type, data, shape) => new ort.Tensor(type, data, shape);
  const found = await session.run({
    landmarks: tensor("float32", landmarks, [poses, 33, 3]), visibility: tensor("float32", visibility, [poses, 33]),
    times: tensor("float64", times, [poses]), end: tensor("float64", end, [1]),
    starts: tensor("int64", starts[kind], [starts[kind].length]),
  });
  return Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data.slice()]));
}

answerBy({ load });
