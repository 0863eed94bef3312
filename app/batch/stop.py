"""A request to stop, from another thread or process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stopped(Exception):
    """The error that ends work before it is done."""


class Stop:
    """A flag that asks the work to stop.

    Any thread may set it, once. The work itself looks at it between two frames.
    """

    def __init__(self) -> None:
        self._set = False
        self._calls: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return self._set

    def set(self) -> None:
        """Ask the work to stop; a second call does nothing."""
        with self._lock:
            first, self._set = not self._set, True
            calls = list(self._calls) if first else []
        for call in calls:
            call()

    def check(self) -> None:
        """Stop the work if it has been asked for.

        Raises:
            Stopped: the work is to stop.
        """
        if self._set:
            raise Stopped

    @contextmanager
    def calls(self, call: Callable[[], None]) -> Iterator[None]:
        """Have `set` call `call` within this, for code that waits and cannot look.

        If the flag is already set, `call` is called at once.
        """
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
