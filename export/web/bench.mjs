// Times graphs in onnxruntime-web on one WebAssembly thread, in turns, and prints {name: [milliseconds]} as JSON.
// node bench.mjs PLAN, a JSON file: { modules: folder of node_modules, rounds, graphs: {name: {file, feeds}} }
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const ARRAYS = { float32: Float32Array, float64: Float64Array, int64: BigInt64Array };
const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const ort = createRequire(`${plan.modules}/`)("onnxruntime-web");
ort.env.wasm.numThreads = 1;

const tensorOf = ({ type, shape, data }) =>
  new ort.Tensor(type, ARRAYS[type].from(type === "int64" ? data.map(BigInt) : data), shape);

const runs = {};
for (const [name, { file, feeds }] of Object.entries(plan.graphs)) {
  const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(file)), { executionProviders: ["wasm"] });
  const tensors = Object.fromEntries(Object.entries(feeds).map(([input, values]) => [input, tensorOf(values)]));
  runs[name] = () => session.run(tensors);
  await runs[name](); // not counted: the first call allocates memory
}
const times = Object.fromEntries(Object.keys(runs).map((name) => [name, []]));
for (let round = 0; round < plan.rounds; round++) {
  for (const [name, run] of Object.entries(runs)) {
    const start = performance.now();
    await run();
    times[name].push(performance.now() - start);
  }
}
console.log(JSON.stringify(times));
