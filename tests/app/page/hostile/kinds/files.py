"""The readers of files, in a process of their own: to a damaged file they say a sentence, or nothing."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np

from tests.app.page.hostile.campaign import FAULT

READ, REFUSED = 200, 415
_pool: ProcessPoolExecutor | None = None


def tried(reader: str, suffix: str, content: bytes) -> int:
    """Have a file with this content read; return READ, REFUSED, or FAULT if the reader dies or has no sentence for it.

    Args:
        reader: "video", "npz" or "model".
        suffix: of the file's name.
        content: of the file.
    """
    global _pool
    _pool = _pool or ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{suffix}"
        path.write_bytes(content)
        try:
            return _pool.submit(_read, reader, path).result()
        except BrokenProcessPool:
            _pool = None
            return FAULT


def damaged(whole: bytes, random: np.random.Generator) -> bytes:
    """Return a file with some bytes changed, cut, or put in twice."""
    content = bytearray(whole)
    for place in random.integers(0, len(content), random.integers(1, 20)):
        content[place] = random.integers(256)
    start, end = sorted(random.integers(0, len(content), 2))
    parts = [content, content[:end], content[:start] + content[end:], content[:end] + content[start:]]
    return bytes(parts[random.integers(len(parts))])


def _read(reader: str, path: Path) -> int:
    from app import ClipFileError, ModelFileError, VideoError

    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # FFmpeg's remarks
    try:
        {"video": _read_video, "npz": _read_npz, "model": _read_model}[reader](path)
    except (ClipFileError, ModelFileError, VideoError):
        return REFUSED
    except Exception:
        return FAULT
    return READ


def _read_video(path: Path) -> None:
    from app.sources.video import VideoReader

    with VideoReader(path) as video:
        for number, _ in enumerate(video):
            if number > 20:
                return


def _read_npz(path: Path) -> None:
    from models.clips import read_clips

    for _ in read_clips(path):
        pass


def _read_model(path: Path) -> None:
    from export.runtime import ActionModel

    ActionModel(path, device="cpu", threads=1)
