"""The default model: train on both domains, fit the temperature on held-out actors, write weights and ONNX.

Shapes: N windows, M modalities, C classes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from training.augment import window_of
from training.supervised import Recipe, train
from training.tracks import Track, camera_tracks, raw_tracks

# short id -> what a person would say
DISPLAY = {
    "wave": "waving", "raise_hand": "raising a hand", "clap": "clapping", "throw": "throwing", "punch": "punching",
    "kick": "kicking", "squat": "squatting", "lunge": "lunging", "walk": "walking", "run": "running",
    "jump": "jumping", "jumping_jack": "jumping jacks", "sit_down": "sitting down", "stand_up": "standing up",
    "pick_up": "picking something up", "drink": "drinking", "phone": "on the phone", "carry": "carrying something",
    "bow": "bowing", "point": "pointing", "lie_down": "lying down", "idle": "standing or sitting still",
}  # fmt: skip
VERSION = "1"
THRESHOLDS = {"enter": 0.5, "leave": 0.3}


def tracks_of(data: Path, drawn: Path) -> list[Track]:
    """Both domains' tracks of every set that may train, all parts."""
    return raw_tracks(data) + camera_tracks(drawn)


def fit_temperature(student, tracks: list[Track], labels: tuple[str, ...], recipe: Recipe) -> float:
    """The temperature of least negative log-likelihood of the fused score, on the middle windows of tracks."""
    import torch

    joints = torch.from_numpy(np.stack([window_of(t, recipe.window_s, recipe.frames, None, None) for t in tracks]))
    label_N = torch.tensor([labels.index(t.action) for t in tracks])
    with torch.no_grad():
        frames = torch.full((len(joints),), recipe.window_s * 30)
        some = [student(j, f)[0].mean(1) for j, f in zip(joints.split(64), frames.split(64), strict=True)]
    logits_NC = torch.cat(some)
    # each action counts the same, else the most recorded one sets the temperature
    weight_C = 1.0 / torch.bincount(label_N, minlength=len(labels)).clamp(min=1)
    grid = np.exp(np.linspace(np.log(0.2), np.log(3.0), 60))
    losses = [float(torch.nn.functional.cross_entropy(logits_NC / t, label_N, weight_C.float())) for t in grid]
    return round(float(grid[int(np.argmin(losses))]), 3)


def build(
    data: Path, drawn: Path, run: Path, out: Path, recipe: Recipe, start: Path | None, note: Callable[[str], None]
) -> None:
    """Train, calibrate and write OUT/student.safetensors, config.json and student.onnx.

    Raises:
        ValueError: the data is missing, or RUN holds a checkpoint of another recipe.
    """
    from export.onnx import export_student
    from models.weights import StudentConfig, save

    everything = tracks_of(data, drawn)
    labels = tuple(DISPLAY)
    training = [t for t in everything if t.part == "train"]
    choosing = [t for t in everything if t.part == "val"]
    note(f"{len(training)} clips train, {len(choosing)} choose the temperature")
    student, log = train(training, labels, recipe, run, note, start)
    temperature = fit_temperature(student, choosing, labels, recipe)
    note(f"temperature {temperature}")
    config = StudentConfig(
        labels=labels, display=DISPLAY, window_s=recipe.window_s, temperature=temperature,
        thresholds=THRESHOLDS, version=VERSION,
    )  # fmt: skip
    student.temperature = temperature
    save(student, config, out)
    export_student(student, config, out / "student.onnx")
    (run / "log.json").write_text(json.dumps(log, indent=1))
