"""Numbers by which a listener tells what is new from what a broker sends again."""

from __future__ import annotations

import time
from collections.abc import Callable


def milliseconds() -> int:
    """Return the time of day, milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class SequenceNumbers:
    """Numbers of which each is larger than all before, of an earlier run too: the time of day in ms, or one more.

    Only a clock that is set back while the program does not run can break that.

    Args:
        now_ms: returns the time of day in milliseconds.
    """

    def __init__(self, now_ms: Callable[[], int] = milliseconds) -> None:
        self._now_ms, self._last = now_ms, 0

    def next(self) -> int:
        """Return the next number."""
        self._last = max(self._last + 1, self._now_ms())
        return self._last
