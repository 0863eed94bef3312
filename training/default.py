"""The default model: train on both domains, fit temperature and thresholds on held-out actors, write it and its ONNX.

Shapes: N windows, C classes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.augment import window_of
from training.supervised import Recipe, train
from training.tracks import Track, camera_tracks, raw_tracks

if TYPE_CHECKING:
    import torch

# Short id -> what a person would say
DISPLAY = {
    "wave": "waving", "raise_hand": "raising a hand", "clap": "clapping", "throw": "throwing", "punch": "punching",
    "kick": "kicking", "squat": "squatting", "lunge": "lunging", "walk": "walking", "run": "running",
    "jump": "jumping", "jumping_jack": "jumping jacks", "sit_down": "sitting down", "stand_up": "standing up",
    "pick_up": "picking something up", "drink": "drinking", "phone": "on the phone", "carry": "carrying something",
    "bow": "bowing", "point": "pointing", "lie_down": "lying down", "idle": "standing or sitting still",
}  # fmt: skip
VERSION = "1"
FALSE_ALARMS = 0.05  # share of still windows that may pass the threshold on which an action is entered
LEAVE = 0.6  # an action ends below this share of that threshold


def tracks_of(data: Path, drawn: Path) -> list[Track]:
    """Both domains' tracks of every set that may train, all parts."""
    return raw_tracks(data) + camera_tracks(drawn)


def middle_logits(student, tracks: list[Track], recipe: Recipe) -> torch.Tensor:
    """Fused logits (N, C) of the middle windows of tracks."""
    import torch

    joints = torch.from_numpy(np.stack([window_of(t, recipe.window_s, recipe.frames, None, None) for t in tracks]))
    frames_N = torch.full((len(joints),), recipe.window_s * 30)
    with torch.no_grad():
        some = [student(j, f)[0].mean(1) for j, f in zip(joints.split(64), frames_N.split(64), strict=True)]
    return torch.cat(some)


def fit_temperature(logits_NC: torch.Tensor, label_N: torch.Tensor) -> float:
    """The temperature of least negative log-likelihood, each action counting the same."""
    import torch

    weight_C = 1.0 / torch.bincount(label_N, minlength=logits_NC.shape[1]).clamp(min=1)
    grid = np.exp(np.linspace(np.log(0.2), np.log(3.0), 60))
    losses = [float(torch.nn.functional.cross_entropy(logits_NC / t, label_N, weight_C.float())) for t in grid]
    return round(float(grid[int(np.argmin(losses))]), 3)


def fit_thresholds(scores_NC: torch.Tensor, label_N: torch.Tensor, idle: int) -> dict[str, float]:
    """Enter where FALSE_ALARMS of the still windows would, leave at a share of it."""
    import torch

    actions_NC = scores_NC[label_N == idle].clone()
    actions_NC[:, idle] = 0
    enter = float(torch.quantile(actions_NC.amax(1), 1 - FALSE_ALARMS).clamp(0.35, 0.8))
    return {"enter": round(enter, 3), "leave": round(LEAVE * enter, 3)}


def build(
    data: Path, drawn: Path, run: Path, out: Path, recipe: Recipe, start: Path | None, note: Callable[[str], None]
) -> None:
    """Train, calibrate and write OUT/student.safetensors, config.json and student.onnx.

    Raises:
        ValueError: the data is missing, or RUN holds a checkpoint of another recipe.
    """
    import torch

    from export.onnx import export_student
    from models.weights import StudentConfig, save

    everything = tracks_of(data, drawn)
    labels = tuple(DISPLAY)
    training = [t for t in everything if t.part == "train"]
    choosing = [t for t in everything if t.part == "val"]
    note(f"{len(training)} clips train, {len(choosing)} choose temperature and thresholds")
    student, log = train(training, labels, recipe, run, note, start)
    logits_NC = middle_logits(student, choosing, recipe)
    label_N = torch.tensor([labels.index(t.action) for t in choosing])
    temperature = fit_temperature(logits_NC, label_N)
    thresholds = fit_thresholds(torch.softmax(logits_NC / temperature, 1), label_N, labels.index("idle"))
    note(f"temperature {temperature}, thresholds {thresholds}")
    config = StudentConfig(
        labels=labels, display=DISPLAY, window_s=recipe.window_s, temperature=temperature,
        thresholds=thresholds, version=VERSION,
    )  # fmt: skip
    student.temperature = temperature
    save(student, config, out)
    export_student(student, config, out / "student.onnx")
    (run / "log.json").write_text(json.dumps(log, indent=1))
