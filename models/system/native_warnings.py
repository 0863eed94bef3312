"""The switch that hides the warnings of native libraries, which they write past Python."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


@contextmanager
def native_warnings_hidden() -> Iterator[None]:
    """Discard what MediaPipe and ONNX Runtime write to file descriptor 2, but keep Python's own stderr.

    For each landmarker they write a dozen lines of warnings, in which a progress bar or an important line is lost.
    `python -X dev` shows them.
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
    """Return whether the stream is file descriptor 2, not one of a test or a notebook."""
    try:
        return stream is not None and stream.fileno() == 2
    except (AttributeError, OSError, ValueError):
        return False
