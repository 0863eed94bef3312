"""A request to end, from another thread or process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopped(Exception):
    """The work was ended before it was done."""


class Stop:
    """Set once, by whoever wants the work to end; looked at by the work itself between two frames."""

    def __init__(self) -> None:
        self._set = False
        self._calls: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return self._set

    def set(self) -> None:
        """Ask the work to end; harmless twice."""
        with self._lock:
            first, self._set = not self._set, True
            calls = list(self._calls) if first else []
        for call in calls:
            call()

    def check(self) -> None:
        """Raises:
        Stopped: the work is to end.
        """
        if self._set:
            raise Stopped

    @contextmanager
    def calls(self, call: Callable[[], None]) -> Iterator[None]:
        """Within this, `set` calls `call`, for what waits and cannot look; at once where it is set already."""
        with self._lock:
            self._calls.append(call)
            now = self._set
        if now:
            call()
        try:
            yield
        finally:
            with self._lock:
                self._calls.remove(call)
