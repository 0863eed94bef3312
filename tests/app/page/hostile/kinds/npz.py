"""Recorded skeletons that are none: wrong shapes, kinds and numbers, false claims, and damage."""

from __future__ import annotations

import io

import numpy as np

from tests.app.page.hostile.kinds.files import damaged, tried
from tests.app.page.hostile.target import Target

_SHAPES = [(60, 25, 3), (0, 25, 3), (60, 25), (60, 17, 3), (60, 25, 2), (1, 25, 3), (2, 60, 25, 3), (), (60, 0, 3)]
_KINDS = ["float32", "float64", "int16", "complex64", "U3", "object", "bool", "datetime64[s]"]
_FPS = [30.0, 0.0, -1.0, np.nan, np.inf, 1e300, [30, 30], "30", None]


def try_one(target: Target, random: np.random.Generator) -> int:
    """Have such a file read; return whether it was read or refused."""
    frames = np.zeros(_SHAPES[random.integers(len(_SHAPES))], np.float32)
    frames = frames + random.choice([0.0, 1.0, np.nan, np.inf, 1e38], frames.shape) if random.integers(2) else frames
    with np.errstate(invalid="ignore"):
        arrays = {"frames": frames.astype(str(random.choice(_KINDS)) if random.integers(3) == 0 else "float32")}
    fps = _FPS[random.integers(len(_FPS))]
    if fps is not None:
        arrays["fps"] = np.array(fps)
    if random.integers(2):
        arrays |= {"start": np.array([0, 50]), "length": np.array([60, 10**9])}
    file = io.BytesIO()
    np.savez(file, **arrays)
    return tried("npz", ".npz", file.getvalue() if random.integers(2) else damaged(file.getvalue(), random))
