"""Labelled clips for the tests of evaluation: arms that hang the lower, the higher their class."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.shape import Shape
from training.data.store import Store, write_store

SHAPE = Shape(channels=(4, 8), strides=(2, 2), dropout=0.0)
JMB = ("joint", "motion", "bone")


def labelled_store(folder: Path, label: np.ndarray, part: np.ndarray, people: int = 1, labels: int = 3) -> Store:
    """Write the clips; noise tells them apart otherwise."""
    rng = np.random.default_rng(0)
    clips = []
    for c in label:
        some = [rng.normal(0, 0.3, (50, 25, 3)) for _ in range(1 + rng.integers(people))]
        for person in some:
            person[:, 4:12, 1] += 0.8 * c
        clips.append(some)
    fields = {"label": label, "frames": rng.uniform(20, 80, len(label))}
    write_store(folder, clips, fields, tuple("abcdefgh"[:labels]), {"half": part}, "test")
    return Store(folder)
