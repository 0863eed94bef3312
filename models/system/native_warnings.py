"""Keeps the warnings that native libraries write past Python out of the user's sight."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def native_warnings_hidden() -> Iterator[None]:
    """Send what MediaPipe and ONNX Runtime write to file descriptor 2 nowhere; Python's own stderr stays.

    Their dozen lines of warnings for each landmarker bury a progress bar and the one line that matters. `python -X dev`
    shows them.
    """
    if sys.flags.dev_mode or not _is_plain(sys.stderr):
        yield
        return
    usual = sys.stderr
    usual.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = open(kept, "w", buffering=1, encoding=usual.encoding, errors=usual.errors, closefd=False)  # noqa: SIM115
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = usual
        os.dup2(kept, 2)
        os.close(kept)


def _is_plain(stream: TextIO | None) -> bool:
    """Whether the stream is file descriptor 2, not a test's or a notebook's own."""
    try:
        return stream is not None and stream.fileno() == 2
    except (AttributeError, OSError, ValueError):
        return False
