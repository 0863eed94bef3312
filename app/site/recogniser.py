"""The recogniser's two files for the browser, made from the weights beside a model file, once for each model.

They are looked for beside the model, then in the cache folder. Making them takes PyTorch, some seconds and half a
gigabyte of memory, so another process does it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from app.site.constants import constants
from app.site.making import making
from export.runtime import Recogniser
from models.system.places import ROOT, cache_folder

GRAPH, CARD = "recogniser.onnx", "recogniser.json"
WEIGHTS = ("student.safetensors", "config.json")
_PATIENCE_S = 600


class RecogniserError(ValueError):
    """The reason why there is no recogniser for the browser, as a message that says what to do."""


def digest(model_path: Path) -> str:
    """Return a short name of a model and of the code that makes its files for the browser."""
    sources = [path for name in WEIGHTS if (path := model_path.with_name(name)).is_file()]
    sources += [path for name in (GRAPH, CARD) if (path := model_path.with_name(name)).is_file()]
    found = hashlib.sha256()
    for path in [model_path, *sources, *sorted((ROOT / "export" / "web").glob("*.py"))]:
        found.update(path.read_bytes() + b"\0")
    return found.hexdigest()[:12]


def why_not(model: Recogniser, model_path: Path) -> str:
    """Return why the files cannot be had, "" if they are here or can be made."""
    if _ready(model, model_path) is not None:
        return ""
    missing = [name for name in WEIGHTS if not model_path.with_name(name).is_file()]
    if missing:
        return f"{missing[0]} is missing beside the model file"
    if find_spec("torch") is None:
        return "PyTorch, which makes the model's file for browsers, is not installed on the server"
    return ""


def recogniser_files(model: Recogniser, model_path: Path, pose_model: Path) -> tuple[bytes, bytes]:
    """Return the content of the graph, and of its card with the constants that the scripts read.

    The card also says which pose model goes with it, how long that file is, and its hash, by which the browser tells a
    damaged one.

    Args:
        model: the recogniser.
        model_path: its file, with the weights beside it.
        pose_model: the pose model's file.

    Raises:
        RecogniserError: they cannot be made.
    """
    folder = _ready(model, model_path)
    if folder is None:
        reason = why_not(model, model_path)
        if reason:
            raise RecogniserError(reason)
        folder = _make(model_path)
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    pose = pose_model.read_bytes()
    name = pose_model.stem.removeprefix("pose_")  # of app.pose.model_file.KINDS
    whole = {"name": name, "bytes": len(pose), "sha256": hashlib.sha256(pose).hexdigest()}
    text = json.dumps(card | {"constants": constants(), "pose": whole}, ensure_ascii=False)
    return (folder / GRAPH).read_bytes(), text.encode()


def _ready(model: Recogniser, model_path: Path) -> Path | None:
    """Return the folder that has the files of this very model, None where they must be made."""
    for folder in (model_path.parent, _cached(model_path)):
        try:
            card = json.loads((folder / CARD).read_text(encoding="utf-8"))
            content = (folder / GRAPH).read_bytes()
        except (OSError, ValueError):
            continue
        whole = hashlib.sha256(content).hexdigest() == card.get("sha256")
        if whole and card.get("embedding") == model.embedding and card.get("labels") == list(model.labels):
            return folder
    return None


def _cached(model_path: Path) -> Path:
    return cache_folder() / f"recogniser-{digest(model_path)}"


def _make(model_path: Path) -> Path:
    folder = _cached(model_path)
    with making(folder, RecogniserError) as work:
        _export(model_path.parent, work / "new")
        folder.mkdir(exist_ok=True)
        for name in (GRAPH, CARD):  # the card last: without it nothing is read
            (work / "new" / name).replace(folder / name)
    return folder


def _export(weights: Path, out: Path) -> None:
    command = [sys.executable, "-m", "export", "web", "--weights", str(weights.resolve()), "--out", str(out.resolve())]
    try:
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_PATIENCE_S)
    except subprocess.TimeoutExpired:
        raise RecogniserError(f"the model's file for browsers was not made in {_PATIENCE_S // 60} minutes") from None
    if run.returncode:
        reason = (run.stderr.strip().splitlines() or ["no output"])[-1]
        raise RecogniserError(f"the model's file for browsers could not be made: {reason}")
