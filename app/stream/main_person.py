"""The main person: the nearest of the people in view, chosen without flipping between two of about the same size."""

from __future__ import annotations

from collections.abc import Mapping

from app.types import Pose

LARGER = 1.3  # another person takes over when their box is this much larger ...
STEADY_S = 0.5  # ... for this long, or when the main one has been out of sight for longer


class Nearest:
    """A chooser that keeps to the person with the largest body box.

    Attributes:
        number: of the main person, -1 before the first.
    """

    def __init__(self) -> None:
        self.number = -1
        self._seen_s = 0.0
        self._larger_since_s: float | None = None

    def choose(self, time_s: float, seen: Mapping[int, Pose]) -> int:
        """Return the main person's number, given the people in sight; the main one may be out of sight for a moment."""
        if not seen:
            self._larger_since_s = None
            return self.number
        nearest = max(seen, key=lambda number: seen[number].area)
        if self.number not in seen:
            self._larger_since_s = None
            if self.number < 0 or time_s - self._seen_s > STEADY_S:
                self._take(nearest)
        elif seen[nearest].area < LARGER * seen[self.number].area:
            self._larger_since_s = None
        elif self._larger_since_s is None:
            self._larger_since_s = time_s
        elif time_s - self._larger_since_s >= STEADY_S:
            self._take(nearest)
        if self.number in seen:
            self._seen_s = time_s
        return self.number

    def _take(self, number: int) -> None:
        self.number = number
        self._larger_since_s = None


def note_people(found: int) -> str:
    """Return the number of people found in a frame, in plain words."""
    if found == 0:
        return "no person"
    return "" if found == 1 else f"{found} people: the nearest is shown large"
