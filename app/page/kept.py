"""The recordings that visitors may teach from: the landmarks of each visitor's newest one, in memory.

A recording goes with its visitor's lesson, or when the next one comes. Pictures are not kept.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from app.corrections.recount import Known, recounted
from app.corrections.replay import Replay
from app.teach.lesson import Lesson
from app.types import ActionEvent

MOST_BYTES = 12 << 20  # of one recording: ten minutes of two or three people
MOST_IN_ALL = 256 << 20
MOST_COUNTED = 1000  # stretches of a recording whose repetitions are remembered


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was watched.

    Attributes:
        name: of its file.
        replay: its landmarks.
        fps: frames a second.
        found: the events that were found in it.
    """

    name: str
    replay: Replay
    fps: float
    found: tuple[ActionEvent, ...] = ()
    _known: Known = field(default_factory=dict, compare=False)  # what was counted anew

    def counted(self, events: Sequence[ActionEvent]) -> list[ActionEvent]:
        """Return corrected events with their repetitions."""
        if len(self._known) > MOST_COUNTED:
            self._known.clear()
        return recounted(events, self.replay.movement, self.found, self._known)


class Kept:
    """The newest recording of each visitor's lesson. Its methods may be called from several threads."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Lesson, Recording] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def keep(self, lesson: Lesson, recording: Recording) -> bool:
        """Keep a recording in the place of the visitor's last one, and return whether there was room for it."""
        with self._lock:
            self._kept.pop(lesson, None)
            taken = sum(other.replay.size for other in self._kept.values())
            size = recording.replay.size
            fits = size <= MOST_BYTES and taken + size <= MOST_IN_ALL
            if fits:
                self._kept[lesson] = recording
            return fits

    def find(self, lesson: Lesson) -> Recording | None:
        """Return the visitor's recording, None if there is none."""
        with self._lock:
            return self._kept.get(lesson)

    def forget(self, lesson: Lesson) -> None:
        """Forget the visitor's recording."""
        with self._lock:
            self._kept.pop(lesson, None)
