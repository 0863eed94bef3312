"""Model files that are none: damaged ones of our own, and junk."""

from __future__ import annotations

import functools

import numpy as np

from models.system.places import DEFAULT_MODEL
from tests.app.page.hostile.kinds.files import damaged, tried
from tests.app.page.hostile.target import Target


def try_one(target: Target, random: np.random.Generator) -> int:
    """Have such a file loaded; return whether it was loaded or refused."""
    content = random.bytes(int(random.integers(5000))) if random.integers(3) == 0 else damaged(_model(), random)
    return tried("model", ".onnx", content)


@functools.cache
def _model() -> bytes:
    return DEFAULT_MODEL.read_bytes()
