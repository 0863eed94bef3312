"""Damaged videos."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np

from tests.app.helpers import write_video
from tests.app.page.hostile.kinds.files import damaged, tried
from tests.app.page.hostile.target import Target

_SUFFIXES = [".mp4", ".mkv", ".avi", ".webm"]


def try_one(target: Target, random: np.random.Generator) -> int:
    """Have a damaged video read; return whether it was read or refused."""
    suffix = str(random.choice(_SUFFIXES))
    return tried("video", suffix, damaged(_video(".mp4" if suffix == ".mp4" else ".mkv"), random))


@functools.cache
def _video(suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write_video(Path(folder) / f"whole{suffix}", np.arange(12) / 30).read_bytes()
