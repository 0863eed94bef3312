"""The graph for browsers in Node.js, by onnxruntime-web."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.site.constants import constants
from app.site.parts import PARTS, has_parts, parts_folder
from export.web.write import CARD, GRAPH, write
from models.system.places import PRETRAINED

# After START: `run(inputs, starts)` gives a promise of the graph's outputs.
RUN = """
const ort = await import(facts.runtime["ort.mjs"]);
ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = { mjs: facts.runtime["ort_wasm.mjs"], wasm: facts.runtime["ort_wasm.wasm"] };
const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(facts.graph)));
function run({ landmarks, visibility, times, end }, starts) {
  return session.run({
    landmarks: new ort.Tensor("float32", landmarks, [times.length, 33, 3]),
    visibility: new ort.Tensor("float32", visibility, [times.length, 33]),
    times: new ort.Tensor("float64", times, [times.length]),
    end: new ort.Tensor("float64", end, [1]),
    starts: new ort.Tensor("int64", BigInt64Array.from(starts, BigInt), [starts.length]),
  });
}
"""


def runtime() -> dict[str, str]:
    """Return the addresses of onnxruntime-web's files, by name."""
    return {name: (parts_folder() / name).as_uri() for name in PARTS if name.startswith("ort")}


def graph_facts(folder: Path, precision: str = "fp32") -> dict:
    """Return the shipped model's card with what RUN needs, and write the graph. Skip without the runtime."""
    if not has_parts():
        pytest.skip("onnxruntime-web is not there (`make web` fetches it by npm)")
    write(PRETRAINED, folder, precision)
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    return card | {"constants": constants(), "runtime": runtime(), "graph": str(folder / GRAPH)}
