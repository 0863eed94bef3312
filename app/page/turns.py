"""The turns of visitors who teach by corrections: the heads and the replays take a core for seconds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.corrections.correction import CorrectionError

_WAIT_S = 20.0  # for others who teach
_one = threading.Lock()


@contextmanager
def turn() -> Iterator[None]:
    """Wait for the others, and let the next one in afterwards.

    Raises:
        CorrectionError: it takes too long.
    """
    if not _one.acquire(timeout=_WAIT_S):
        raise CorrectionError("others are teaching just now: try again in a moment")
    try:
        yield
    finally:
        _one.release()
