"""The time of a window in onnxruntime-web, on one WebAssembly thread in Node.js: the whole graph, and models beside it.

A window of 30 poses a second is read by the graph, and given to the others as joints.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from export.bench import made_up
from export.web.graph import sample_poses
from export.web.reading import window_starts
from export.web.write import CARD, GRAPH
from models.resample import kept_seconds

PACKAGE = "onnxruntime-web"
ROUNDS = 60
PATIENCE_S = 300
_SCRIPT = Path(__file__).with_name("bench.mjs")


def browser_times(web: Path, models: Sequence[Path], modules: Path, rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Measure the milliseconds of each call of a window, by file.

    Args:
        web: Folder that `export web` wrote.
        models: ONNX files of `export onnx`, which take turns with the graph.
        modules: Folder that npm installs to, with onnxruntime-web in it.
        rounds: Calls of each.

    Raises:
        ValueError: If Node.js, the package or a file is missing, or the run fails.
    """
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None:
        raise ValueError("Node.js is missing, which runs onnxruntime-web here (Debian: apt-get install nodejs)")
    if not (modules / PACKAGE).is_dir():
        raise ValueError(f"{modules} holds no {PACKAGE}: name the node_modules that `npm install {PACKAGE}` fills")
    card = _card(web)
    joints_NTV3, frames_N = made_up(1)
    student = {"joints": joints_NTV3, "frames": frames_N}
    plan = {
        "modules": str(modules.resolve()),
        "rounds": rounds,
        "graphs": {str(web / GRAPH): {"file": str(web / GRAPH), "feeds": _plain(_window(card))}}
        | {str(path): {"file": str(path), "feeds": _plain(student)} for path in models},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        path.write_text(json.dumps(plan), encoding="utf-8")
        return _run([node, str(_SCRIPT), str(path)])


def _card(web: Path) -> dict[str, Any]:
    try:
        return json.loads((web / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ValueError(f"{web} holds no {CARD} that can be read: `export web --out {web}` writes it") from None


def _window(card: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the inputs of a live window, as full as it gets at 30 poses a second."""
    poses = round(30 * kept_seconds(card["window_s"]))
    starts = window_starts(card["window_s"], card["frames"])["live"]
    return sample_poses(poses) | {"starts": np.array(starts)}


def _plain(feeds: Mapping[str, np.ndarray]) -> dict[str, dict[str, Any]]:
    return {
        name: {"type": str(array.dtype), "shape": array.shape, "data": array.ravel().tolist()}
        for name, array in feeds.items()
    }


def _run(words: list[str]) -> dict[str, list[float]]:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        raise ValueError(f"{PACKAGE} did not end within {PATIENCE_S} s: try again when less else runs") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if re.match(r"\w*Error\b", line)] or ["it gave no reason"]
        raise ValueError(f"{PACKAGE} failed: {said[0].strip()}")
    return json.loads(done.stdout.splitlines()[-1])
