"""The benchmark in onnxruntime-web, for which a package of that name stands in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from export.web import bench
from export.web.bench import browser_times

# Answers at once, after a look at what it is given.
PACKAGE = """
const wasm = { numThreads: 0 };
const create = async (bytes, options) => {
  if (bytes.length !== 4 || options.executionProviders[0] !== "wasm" || wasm.numThreads !== 1) throw new Error("odd");
  return { run: async (feeds) => {
    const names = Object.keys(feeds).join();
    if (names !== "joints,frames" && names !== "landmarks,visibility,times,end,starts") throw new Error(names);
    const { starts, times } = feeds;
    if (starts && (starts.data[0] !== 70n || times.shape[0] !== 105)) throw new Error("ring");
  } };
};
class Tensor { constructor(type, data, shape) { Object.assign(this, { type, data, shape }); } }
module.exports = { Tensor, InferenceSession: { create }, env: { wasm } };
"""


@pytest.fixture
def web(tmp_path: Path) -> Path:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "recogniser.onnx").write_bytes(b"onnx")
    (tmp_path / "web" / "recogniser.json").write_text(json.dumps({"window_s": 2.5, "frames": 50}), encoding="utf-8")
    return tmp_path / "web"


@pytest.fixture
def modules(tmp_path: Path) -> Path:
    folder = tmp_path / "node_modules"
    (folder / "onnxruntime-web").mkdir(parents=True)
    (folder / "onnxruntime-web" / "index.js").write_text(PACKAGE, encoding="utf-8")
    return folder


@pytest.mark.skipif(not (shutil.which("node") or shutil.which("nodejs")), reason="no Node.js on this machine")
def test_graph_and_model_take_turns(web: Path, modules: Path, tmp_path: Path) -> None:
    (tmp_path / "student.onnx").write_bytes(b"onnx")
    times = browser_times(web, [tmp_path / "student.onnx"], modules, rounds=5)
    assert list(times) == [str(web / "recogniser.onnx"), str(tmp_path / "student.onnx")]
    assert all(len(ms) == 5 and min(ms) >= 0 for ms in times.values())
    (tmp_path / "student.onnx").write_bytes(b"no")
    with pytest.raises(ValueError, match="onnxruntime-web failed: Error: odd"):
        browser_times(web, [tmp_path / "student.onnx"], modules, rounds=1)


def test_what_is_missing(web: Path, modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.shutil, "which", lambda name: "node" if name == "node" else None)
    with pytest.raises(ValueError, match=r"holds no onnxruntime-web: name the node_modules that `npm install"):
        browser_times(web, [], tmp_path)
    with pytest.raises(ValueError, match=r"holds no recogniser\.json that can be read"):
        browser_times(modules, [], modules)
    monkeypatch.setattr(bench.shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match=r"Node\.js is missing"):
        browser_times(web, [], modules)
