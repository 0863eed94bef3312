"""A person whom the stream follows: the window of their joints, when it is due, and the decision on its scores.

Shapes: V joints (25), C classes, M modalities, T frames of the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.counting.counter import Counter
from app.stream.decision import Decision
from app.stream.events import SETTLE_S, Timeline
from app.stream.motion import Motion
from app.stream.window import LEAST_WHOLE_S, Window
from app.types import ActionEvent, Pose
from models.skeleton import CENTRE

if TYPE_CHECKING:
    from export.runtime import Recogniser

GAP_S = 1.0  # longest time out of sight that an action outlasts


@dataclass(slots=True)
class Segment:
    """A stretch of time in which a person is in sight.

    Attributes:
        since_s: start of the stretch.
        anchor_s: time from which hops are counted; windows end at multiples of the hop after it.
        seen_s: when the person was last seen.
        hops: number of hops after the anchor at which a window was last due.
        full_windows: whether it has been long enough for a whole window.
        was_main: whether the person was the main person in it.
    """

    since_s: float
    anchor_s: float
    seen_s: float
    hops: int = 0
    full_windows: bool = False
    was_main: bool = False


class Person:
    """The state of one person.

    Args:
        number: within the stream.
        model: the recogniser; gives the window's length, the labels and the thresholds.
        hop_s: seconds between two classifications.
        sensitivity: of the decision.

    Attributes:
        pose: pose in the newest frame, None while out of sight.
        decision: the state machine of the person's action.
        segment: the current stretch in sight, None between two.
        count: how often the current action was repeated so far, None where it is not counted.
    """

    def __init__(self, number: int, model: Recogniser, hop_s: float, sensitivity: float = 0.5) -> None:
        self.number = number
        self.pose: Pose | None = None
        self.segment: Segment | None = None
        self._window_s, self._hop_s = model.window_s, hop_s
        self._window = Window(model.window_s, model.frames)
        self._motion = Motion(model.window_s + 2 * SETTLE_S)
        self._counter = Counter()
        self._timeline = Timeline(number, model.labels, model.modalities, self._motion, self._counter)
        self.count: int | None = None
        self.decision = Decision(model.labels, model.thresholds, sensitivity)

    def see(self, time_s: float, joints_V3: np.ndarray, seen_V: np.ndarray, anchor_s: float | None = None) -> None:
        """Add the joints of one frame; a frame without shoulders is left out.

        Args:
            time_s: time of the frame.
            joints_V3: metres.
            seen_V: bool.
            anchor_s: anchor of others in sight; a new segment keeps step with them, so that windows are due together.
        """
        self._window.push(time_s, joints_V3, seen_V)
        if not seen_V[CENTRE]:
            return
        if self.segment is None:
            anchor_s = time_s if anchor_s is None else time_s - (time_s - anchor_s) % self._hop_s
            self.segment = Segment(time_s, anchor_s, time_s)
        self.segment.seen_s = time_s
        self._motion.push(time_s, joints_V3, seen_V)
        self._counter.push(time_s, joints_V3, seen_V)

    def is_gone(self, time_s: float) -> bool:
        """Return whether the current segment's person has been out of sight for too long."""
        return self.segment is not None and time_s - self.segment.seen_s > GAP_S

    def due(self) -> tuple[float, np.ndarray, float] | None:
        """Return the window that ends at the newest multiple of the hop, if it was not returned before.

        Windows thus end at the same times whatever the camera's rate.

        Returns:
            Its end in seconds, joints (T, 25, 3) and its length in frames of 1/30 s.
        """
        segment = self._in_sight()
        hops = int((segment.seen_s - segment.anchor_s) / self._hop_s + 1e-6)
        if hops <= segment.hops:
            return None
        segment.hops = hops
        end_s = segment.anchor_s + hops * self._hop_s
        read = self._window.resample(end_s)
        return None if read is None else (end_s, *read)

    def take(self, end_s: float, fused_C: np.ndarray, modality_MC: np.ndarray) -> list[ActionEvent]:
        """Add the scores of a window that was due, and return the events that are certain now."""
        segment = self._in_sight()
        segment.full_windows |= self.is_full(end_s)
        moment_s = self._motion.moment(max(segment.since_s, end_s - self._window_s), end_s)
        ended = self.decision.update(end_s, moment_s, fused_C, modality_MC)
        events = self._timeline.step(end_s, ended, self.decision.current, segment.since_s, self._window_s)
        self.count = self._counted(segment)
        return events

    def _counted(self, segment: Segment) -> int | None:
        current, label = self.decision.current, self.decision.label
        if current is None or label is None:
            return None
        start_s = self._timeline.start_of(current, segment.since_s, self._window_s)
        return self._counter.count(label, current.first_s, start_s, segment.seen_s)

    def is_full(self, end_s: float) -> bool:
        """Return whether the window that ends then lies wholly in the segment."""
        return end_s - self._in_sight().since_s >= self._window_s - 1e-6

    def last_window(self) -> tuple[np.ndarray, float] | None:
        """Return the window that ends with a segment, for one that is shorter than a window."""
        return self._window.resample(self._in_sight().seen_s, LEAST_WHOLE_S)

    def newest_window(self) -> np.ndarray | None:
        """Return the window that ends with the newest frame, (T, 25, 3) metres; None while there is too little."""
        read = self._window.resample()
        return None if read is None else read[0]

    def end(self) -> list[ActionEvent]:
        """End the segment, forget its joints and return its last events."""
        segment, self.segment = self._in_sight(), None
        events = self._timeline.finish(self.decision.close(), segment.since_s, segment.seen_s, self._window_s)
        self._window.clear()
        self._motion.clear()
        self._counter.clear()
        self.count = None
        return events

    def _in_sight(self) -> Segment:
        assert self.segment is not None, "a segment begins with `see`"
        return self.segment
