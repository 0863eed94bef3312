"""A model whose embedding is how a body moves, that takes all fast movement for a wave, with its teacher."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from app.teach.background import FILE
from app.teach.teacher import Teacher
from tests.app.helpers import Scores
from tests.app.teach.conftest import EVERYDAY, folder
from tests.app.teach.helpers import MotionModel

__all__ = ["folder"]

FAST = 0.0005  # metres a frame, of all joints


@dataclass
class Waver(MotionModel):
    """Says "wave" of whoever moves, else "idle"."""

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray) -> Scores:
        scores = super().__call__(joints_NTV3, frames_N)
        moves_N = np.abs(np.diff(joints_NTV3, axis=1)).mean((1, 2, 3)) > FAST
        fused_NC = np.where(moves_N[:, None], [0.9, 0.02, 0.03, 0.05], [0.02, 0.02, 0.93, 0.03]).astype(np.float32)
        return Scores(fused_NC, np.repeat(fused_NC[:, None], 3, 1), scores.embedding_ND)


@pytest.fixture
def teacher(folder: Path) -> Teacher:
    """Of a model that names nothing by itself."""
    return Teacher(MotionModel(), folder / "student.onnx")


@pytest.fixture(scope="session")
def named(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file's folder whose background says which windows show what."""
    embedding = load_file(folder / FILE)["embedding"]
    label = np.repeat(np.arange(len(EVERYDAY)), len(embedding) // len(EVERYDAY)).astype(np.int16)
    out = tmp_path_factory.mktemp("named")
    said = {"embedding": MotionModel().embedding, "labels": json.dumps(EVERYDAY)}
    save_file({"embedding": embedding, "label": label}, out / FILE, metadata=said)
    return out


@pytest.fixture
def waver(named: Path) -> Teacher:
    """Of a model that calls all movement a wave."""
    return Teacher(Waver(), named / "student.onnx")
