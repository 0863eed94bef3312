"""A small student whose answers depend on its input, exported once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from filelock import FileLock

from export import onnx as exporter
from export.clips import read_windows
from export.onnx import export_student, sample_joints
from models.body import CHILD_B, LENGTH_B
from models.clips import Clip, write_clips
from models.skeleton import OUTWARD, PARENTS
from models.student import Student
from models.weights import StudentConfig

CONFIG = StudentConfig(
    labels=("wave", "sit_down", "idle"),
    display={"wave": "waving"},
    window_s=2.5,
    temperature=1.3,
    thresholds={"enter": 0.6, "leave": 0.4},
    channels=(16, 16, 16, 16, 16, 16, 16, 32, 32, 48),
    version="7",
    terms="as you like",
)


def with_limbs(joints_NTV3: np.ndarray) -> np.ndarray:
    """The same directions of bones, each of an adult's length."""
    limbs_NTV3, lengths = joints_NTV3.copy(), dict(zip(CHILD_B, LENGTH_B, strict=True))
    for v in OUTWARD[1:]:
        bone_NT3 = joints_NTV3[:, :, v] - joints_NTV3[:, :, PARENTS[v]]
        length_NT1 = np.linalg.norm(bone_NT3, axis=-1, keepdims=True)
        limbs_NTV3[:, :, v] = limbs_NTV3[:, :, PARENTS[v]] + lengths[v] * bone_NT3 / np.maximum(length_NT1, 1e-6)
    return limbs_NTV3


@pytest.fixture(scope="session")
def config() -> StudentConfig:
    return CONFIG


@pytest.fixture(scope="session")
def student() -> Student:
    """Untrained, but with batch-norm statistics of real activations, and heads that spread the classes."""
    torch.manual_seed(0)
    student = CONFIG.build(dropout=0.0)
    with torch.no_grad():
        for module in student.modules():
            if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                module.momentum = None  # the plain mean over the batches below
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.2, 0.2)
        for seed in range(4):
            student(*map(torch.from_numpy, sample_joints(8, seed)))
        for head in student.heads.values():
            head.weight.normal_(0.0, 1.0)
        limbs_NTV3, frames_N = with_limbs(sample_joints(64, seed=5)[0]), sample_joints(64, seed=5)[1]
        logits_NMC = student.eval()(torch.from_numpy(limbs_NTV3), torch.from_numpy(frames_N))[0]
        for m, head in enumerate(student.heads.values()):
            head.bias -= logits_NMC[:, m].mean(0)
    return student.eval()


@pytest.fixture
def traced(model_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares a test the tracing (seconds) of the student that `model_file` holds already."""
    monkeypatch.setattr(exporter, "_trace", lambda _: onnx.load(model_file))


@pytest.fixture(scope="session")
def exported(student: Student, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, float]]:
    """Export the student in a precision; tracing takes seconds, so the first of several test processes does it for all.

    The second answer is the largest difference from torch.
    """
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder

    def export(precision: str) -> tuple[Path, float]:
        path, note = folder / precision / "student.onnx", folder / f"{precision}.difference"
        with FileLock(folder / f"{precision}.lock"):
            if not note.exists():
                note.write_text(str(export_student(student, CONFIG, path, precision)))
        return path, float(note.read_text())

    return export


@pytest.fixture(scope="session")
def model_file(exported: Callable[[str], tuple[Path, float]]) -> Path:
    path, difference = exported("fp32")
    assert difference <= 1e-4
    return path


@pytest.fixture(scope="session")
def half_file(exported: Callable[[str], tuple[Path, float]]) -> Path:
    path, difference = exported("fp16")
    assert 1e-5 < difference < 0.1
    return path


@pytest.fixture(scope="session")
def clip_file(student: Student, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 seeded motions in the clip format; 16 have the action that torch sees in them, the least sure ones none."""
    path = tmp_path_factory.mktemp("clips") / "motions.npz"
    motions = list(with_limbs(sample_joints(24, seed=77)[0]))
    write_clips(path, [Clip(joints_TV3, fps=20.0) for joints_TV3 in motions])
    windows = read_windows([path], CONFIG.window_s, CONFIG.frames)
    with torch.inference_mode():
        logits_NMC, _ = student(torch.from_numpy(windows.joints_NTV3), torch.from_numpy(windows.frames_N))
        scores_NC = student.scores(logits_NMC)[0].numpy()
    best_N = scores_NC.argmax(1)
    assert len(set(best_N.tolist())) > 1
    lead_N = np.diff(np.sort(scores_NC, axis=1)[:, -2:]).ravel()
    sure_N = lead_N >= np.sort(lead_N)[8]
    actions = [CONFIG.labels[c] if sure else "" for c, sure in zip(best_N, sure_N, strict=True)]
    write_clips(path, [Clip(x, fps=20.0, action=action) for x, action in zip(motions, actions, strict=True)])
    return path
