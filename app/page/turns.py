"""The turns of visitors who teach by corrections, or have them counted: either may take a core for seconds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.corrections.correction import CorrectionError

TEACHING, COUNTING = "teaching", "counting"
_WAIT_S = 20.0  # for others who do the same
_LOCKS = {what: threading.Lock() for what in (TEACHING, COUNTING)}


@contextmanager
def turn(what: str = TEACHING) -> Iterator[None]:
    """Wait for the others who do the same, and let the next one in afterwards.

    Args:
        what: TEACHING or COUNTING.

    Raises:
        CorrectionError: it takes too long.
    """
    if not _LOCKS[what].acquire(timeout=_WAIT_S):
        raise CorrectionError(f"others are {what} just now: try again in a moment")
    try:
        yield
    finally:
        _LOCKS[what].release()
