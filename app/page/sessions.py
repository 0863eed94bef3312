"""The registry of visitors: each has a pose landmarker and an action stream, never shared and always freed.

A landmarker follows people from frame to frame and a stream holds seconds of somebody's movement, so two visitors must
not share one. Sessions are kept by the browser tab's own key, limited in number, and freed when the tab is closed or
has sent nothing for a while (a tab that crashed sends no message).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.page.session import Numbered, Reply, Session, VisitorLeft

if TYPE_CHECKING:
    import numpy as np

    from app.broadcast.source import Broadcast
    from app.corrections.live import Shown
    from app.page.recorder import Recorder
    from app.pose.landmarker import PoseSource
    from app.teach.lessons import Lessons
    from export.runtime import Recogniser

LEFT_S = 15.0  # a frame within this time after the visitor left is late; a later one is of a new visit


class SessionsFull(RuntimeError):
    """The error of a visitor for whom no place is free, because as many as the machine is meant to serve are here."""


class Sessions:
    """The registry of visitors.

    Args:
        make_pose: makes a visitor's landmarker.
        lessons: what each visitor taught, and the model that knows it.
        limit: most visitors that are served at once.
        idle_s: seconds without a frame after which a visitor loses the place.
        clock: a monotonic clock, seconds.
        make_recorder: makes a visitor's recorder of landmarks; None where nothing is recorded.
        address: returns the address of a visitor.
        per_address: most visitors of one address that are served at once; None for no such limit.
        broadcast: makes what tells other programs of a visitor's stream, by its model; None tells nobody.
    """

    def __init__(
        self,
        make_pose: Callable[[], PoseSource],
        lessons: Lessons,
        limit: int,
        idle_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        make_recorder: Callable[[], Recorder] | None = None,
        address: Callable[[str], str] = str,
        per_address: int | None = None,
        broadcast: Callable[[str, Recogniser], Broadcast] | None = None,
    ) -> None:
        if limit < 1:
            raise ValueError(f"the limit of visitors must be 1 or more, got {limit}")
        self.limit, self.idle_s = limit, idle_s
        self.lessons = lessons
        self._make_pose, self._clock = make_pose, clock
        self._make_recorder = make_recorder
        self._address, self._per_address = address, per_address or limit
        self._broadcast = broadcast
        self._sessions: dict[str, Session] = {}
        self._left: dict[str, float] = {}  # when each visitor left
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def __len__(self) -> int:
        return len(self._sessions)

    def process(self, key: str, rgb_HWC: np.ndarray, sensitivity: float = 0.5) -> Reply:
        """Answer one frame of the visitor `key`, who is let in if there is room.

        Raises:
            SessionsFull: `limit` other visitors are being served, or `per_address` of the same address.
            VisitorLeft: the visitor closed the page a moment ago.
        """
        return self._session(key).process(rgb_HWC, sensitivity)

    def finish(self, key: str) -> tuple[Numbered, ...]:
        """End a visitor's current actions because they stopped the camera, and return the newest events.

        The visitor may start the camera again.
        """
        with self._lock:
            session = self._sessions.get(key)
        return session.finish() if session is not None else ()

    def shown(self, key: str, number: object) -> Shown | None:
        """Return one of a visitor's last events with its movement; None if it is not here any more."""
        with self._lock:
            session = self._sessions.get(key)
        return session.shown(number) if session is not None else None

    def _session(self, key: str) -> Session:
        self.sweep()
        with self._lock:
            if key in self._left:
                raise VisitorLeft(key)
            if key not in self._sessions:
                same = [other for other in self._sessions if self._address(other) == self._address(key)]
                if len(self._sessions) >= self.limit or len(same) >= self._per_address:
                    raise SessionsFull(f"{len(self._sessions)} visitors are here already, {len(same)} of one address")
                recorder = self._make_recorder() if self._make_recorder is not None else None
                broadcast = partial(self._broadcast, key) if self._broadcast is not None else None
                find = partial(self.lessons.find, key)
                self._sessions[key] = Session(self._make_pose, find, self._clock, recorder, broadcast)
            return self._sessions[key]

    def free(self, key: str) -> None:
        """Free a visitor's place; an unknown key is ignored."""
        with self._lock:
            session = self._sessions.pop(key, None)
        if session is not None:
            session.close()

    def leave(self, key: str) -> None:
        """Free the place of a visitor who closed the page, and refuse frames that are still on their way."""
        with self._lock:
            self._left[key] = self._clock()
        self.free(key)
        self.lessons.leave(key)

    def welcome(self, key: str) -> None:
        """Take frames again of a visitor who left a moment ago."""
        with self._lock:
            self._left.pop(key, None)

    def has_left(self, key: str) -> bool:
        """Return whether the visitor closed the page a moment ago."""
        return key in self._left

    def sweep(self) -> None:
        """Free everyone who has been silent for longer than `idle_s`."""
        now = self._clock()
        oldest = now - self.idle_s
        with self._lock:
            self._left = {key: left_s for key, left_s in self._left.items() if now - left_s < LEFT_S}
            silent = [key for key, session in self._sessions.items() if session.last_s < oldest]
        for key in silent:
            self.free(key)

    def sweep_in_background(self) -> None:
        """Sweep until `close`, in a thread.

        Otherwise the last visitor of the day would keep a place, and their movement in memory, all night.
        """

        def loop() -> None:
            while not self._closed.wait(self.idle_s / 2):
                self.sweep()

        threading.Thread(target=loop, name="sessions-sweep", daemon=True).start()

    def close(self) -> None:
        """Free everyone and stop sweeping."""
        self._closed.set()
        for key in list(self._sessions):
            self.free(key)
