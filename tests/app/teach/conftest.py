"""A model of known embedding with its background, and a teacher of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from app.teach.background import FILE
from app.teach.teacher import Teacher
from tests.app.teach.helpers import MotionModel
from training.drawing.motions import make_motion

EVERYDAY = ("walk", "sit_down", "drink", "clap", "point", "bow", "idle", "throw")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file's folder with the background of a MotionModel."""
    model, windows = MotionModel(), []
    for action in EVERYDAY:
        windows += [make_motion(action, 2.5, 20.0, 100 + seed)[:50] for seed in range(12)]
    embedding = model(np.stack(windows).astype(np.float32), np.full(len(windows), 75, np.float32)).embedding_ND
    out = tmp_path_factory.mktemp("model")
    save_file({"embedding": embedding.astype(np.float16)}, out / FILE, metadata={"embedding": model.embedding})
    return out


@pytest.fixture
def teacher(folder: Path) -> Teacher:
    return Teacher(MotionModel(), folder / "student.onnx")
