"""A visitor who sends good pictures all the while and opens the page, and how long the answers take."""

from __future__ import annotations

import threading
import time

from tests.app.page.hostile.target import Target, Visitor
from tests.app.page.pictures import jpeg

EVERY_S = 0.5


class Witness:
    """A visitor who is to notice nothing of what else goes on; a context manager.

    Attributes:
        refused: number of their requests that were not answered with 200 or, of a picture that is late, with 204.
    """

    def __init__(self, target: Target) -> None:
        self._target, self._visitor = target, Visitor(target)
        self._picture = jpeg((640, 480), colour=(90, 120, 60))
        self._waited_s: list[float] = []
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self.refused = 0

    def look(self, times: int = 1) -> None:
        """Send a picture and open the page."""
        for _ in range(times):
            begun = time.monotonic()
            frame = self._target.post_picture(self._visitor.key, self._picture)
            page, _ = self._target.send("GET", "/")
            self._waited_s.append((time.monotonic() - begun) / 2)
            self.refused += (frame not in (200, 204)) + (page != 200)

    def slowest_s(self) -> float:
        """Return the longest that an answer took since this was last asked."""
        waited_s, self._waited_s = self._waited_s, []
        return max(waited_s, default=0.0)

    def start(self) -> None:
        """Go on with it in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop it."""
        self._end.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._end.wait(EVERY_S):
            self.look()

    def __enter__(self) -> Witness:
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()
        self._visitor.leave()
