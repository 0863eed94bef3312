"""The last events of a live session, with the movement from which each was told, to be corrected."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

import numpy as np

from app.corrections.live import Shown
from app.teach.examples import Demonstration
from app.types import ActionEvent, PersonState
from models.skeleton import CENTRE, bridge

KEPT_S = 15.0  # of movement; of a longer event, its end
MOST = 3  # events
_LEAST = 4  # frames of a movement


class Recent:
    """The movement of everybody in the last seconds, and the last events; no picture."""

    def __init__(self) -> None:
        self._frames: defaultdict[int, deque[tuple[float, np.ndarray, np.ndarray]]] = defaultdict(deque)
        self._events: deque[tuple[int, Shown]] = deque(maxlen=MOST)

    def see(self, time_s: float, persons: Sequence[PersonState]) -> None:
        """Add a frame."""
        for state in persons:
            if state.pose is not None:
                joints_V3, seen_V = bridge(state.pose.world_V3, state.pose.visibility_V)
                if seen_V[CENTRE]:
                    self._frames[state.person].append((time_s, joints_V3, seen_V))
        for person, frames in list(self._frames.items()):
            while frames and frames[0][0] < time_s - KEPT_S:
                frames.popleft()
            if not frames:
                del self._frames[person]

    def tell(self, number: int, event: ActionEvent) -> None:
        """Keep the movement of an event that has just been told."""
        frames = self._frames.get(event.person, ())
        if len(frames) < _LEAST:
            return
        times, joints, seen = zip(*frames, strict=True)
        recording = Demonstration(np.array(times), np.stack(joints), np.stack(seen))
        start_s = max(event.start_s, times[0])
        if event.end_s > start_s:
            self._events.append((number, Shown(event.label, start_s, event.end_s, recording)))

    def find(self, number: object) -> Shown | None:
        """Return an event by its number within the session, None if it is not here any more."""
        return next((shown for known, shown in self._events if known == number), None)
