"""The last events of a live session, with the movement from which each was told, to be corrected."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from app.corrections.live import Shown
from app.teach.examples import Demonstration
from app.types import ActionEvent, PersonState, Pose

KEPT_S = 15.0  # of movement; of a longer event, its end
MOST = 3  # events
_LEAST = 4  # frames of a movement


class Recent:
    """The movement of everybody in the last seconds, and the last events; no picture."""

    def __init__(self) -> None:
        self._poses: defaultdict[int, deque[Pose]] = defaultdict(deque)
        self._events: deque[tuple[int, Shown]] = deque(maxlen=MOST)

    def see(self, time_s: float, persons: Sequence[PersonState]) -> None:
        """Add a frame."""
        for state in persons:
            if state.pose is not None:
                self._poses[state.person].append(state.pose)
        for person, poses in list(self._poses.items()):
            while poses and poses[0].time_s < time_s - KEPT_S:
                poses.popleft()
            if not poses:
                del self._poses[person]

    def tell(self, number: int, event: ActionEvent, sensitivity: float = 0.5) -> None:
        """Keep the movement of an event that has just been told, by a stream of some sensitivity."""
        poses = tuple(self._poses.get(event.person, ()))
        times_T = Demonstration.of_person(poses).times_T
        if len(times_T) < _LEAST:
            return
        start_s = max(event.start_s, float(times_T[0]))
        if event.end_s > start_s:
            self._events.append((number, Shown(event.label, start_s, event.end_s, poses, sensitivity)))

    def find(self, number: object) -> Shown | None:
        """Return an event by its number within the session, None if it is not here any more."""
        return next((shown for known, shown in self._events if known == number), None)
