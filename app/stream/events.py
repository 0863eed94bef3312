"""The events of one person: when each action took place, and which stretches are no event of their own.

A window that shows only the edge of a movement often gets another label than the windows that show all of it, although
both are about one movement. If two stretches lie on the same movement, the one with more evidence stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.counting.counter import Counter
from app.stream.decision import Stretch
from app.stream.motion import Motion
from app.types import ActionEvent

LEAST_WINDOWS_S = 0.5  # least time from the first window to the last, since even a short action stays in view
LEAST_EVENT_S = 0.25
SETTLE_S = 1.0  # time after which the start of a current action is fixed
HOLD_S = 1.0  # time that an ended action waits for another on the same movement
SAME = 0.2  # share of the shorter stretch from which two are on the same movement
JOIN_S = 0.3  # longest break between two stretches of one event


class Timeline:
    """The events of one person.

    Args:
        person: number within the stream.
        labels: short ids in the order of the scores.
        modalities: names in the order of the modality scores.
        motion: the person's motion.
        counter: of the person's repetitions.
    """

    def __init__(
        self, person: int, labels: Sequence[str], modalities: Sequence[str], motion: Motion, counter: Counter
    ) -> None:
        self._person, self._labels, self._modalities = person, tuple(labels), tuple(modalities)
        self._motion, self._counter = motion, counter
        self._waiting: Stretch | None = None
        self._settled: Stretch | None = None  # the current one, once its start is known
        self._free_from_s = -np.inf  # the end of the last event

    def step(
        self, time_s: float, ended: Stretch | None, current: Stretch | None, since_s: float, window_s: float
    ) -> list[ActionEvent]:
        """Add what one window changed in the decision.

        Args:
            time_s: the window's end.
            ended: the stretch that ended before it, if any.
            current: the current stretch, if any.
            since_s: when the person came into view.
            window_s: length of a window.

        Returns:
            Events that are certain now.
        """
        events = []
        if ended is not None:
            self._set_start(ended, since_s, window_s)
            ended.end_s = self._motion.end(ended.start_s, ended.end_s, time_s)
            events += self._add(ended)
        if current is not None and current is not self._settled and time_s - current.first_s >= SETTLE_S:
            self._set_start(current, since_s, window_s)
        return events + self._release(time_s, current)

    def finish(self, ended: Stretch | None, since_s: float, until_s: float, window_s: float) -> list[ActionEvent]:
        """Return all remaining events, because the person is gone since `until_s` or the stream is over."""
        events = []
        if ended is not None:
            self._set_start(ended, since_s, window_s)
            ended.end_s = self._motion.end(ended.start_s, ended.end_s, until_s, open_ended=True)
            events += self._add(ended)
        return events + self._give()

    def start_of(self, current: Stretch, since_s: float, window_s: float) -> float:
        """Return when the current stretch began; until that is known, the earliest moment that it is about."""
        start_s = current.start_s if current is self._settled else max(since_s, current.first_s - window_s)
        return max(start_s, self._free_from_s, -np.inf if self._waiting is None else self._waiting.end_s)

    def _set_start(self, stretch: Stretch, since_s: float, window_s: float) -> None:
        if stretch is self._settled:
            return
        self._settled = stretch
        # The first window began when the person came into view: the action may have gone on ever since.
        open_ended = stretch.first_s - since_s < window_s
        stretch.start_s = self._motion.start(since_s, stretch.start_s, stretch.end_s, open_ended)

    def _add(self, stretch: Stretch) -> list[ActionEvent]:
        """Hold back an ended stretch, and return the one before it unless the two are one."""
        if stretch.last_s - stretch.first_s < LEAST_WINDOWS_S:
            return []
        before = self._waiting
        if before is None:
            self._waiting = stretch
            return []
        if stretch.label == before.label and stretch.start_s - before.end_s < JOIN_S:
            _join(before, stretch)
            return []
        if _same(before, stretch):
            self._waiting = max(before, stretch, key=lambda one: one.mass)
            return []
        return self._give(stretch) + self._add(stretch)

    def _release(self, time_s: float, current: Stretch | None) -> list[ActionEvent]:
        """Return the waiting stretch as an event as soon as nothing can change it."""
        before = self._waiting
        if before is None:
            return []
        if current is None:
            return self._give() if time_s - before.last_s > HOLD_S else []
        if current is not self._settled:
            return []
        joins = current.label == before.label and current.start_s - before.end_s < JOIN_S
        if not joins and not _same(before, current):
            return self._give(current)
        if not joins and current.mass > before.mass:
            self._waiting = None
        return []

    def _give(self, after: Stretch | None = None) -> list[ActionEvent]:
        """Return the waiting stretch as an event.

        If the stretch after it begins too early, both end in the middle.
        """
        stretch, self._waiting = self._waiting, None
        if stretch is None:
            return []
        if after is not None and after.start_s < stretch.end_s:
            stretch.end_s = after.start_s = (after.start_s + stretch.end_s) / 2
        start_s = max(stretch.start_s, self._free_from_s)
        if stretch.end_s - start_s < LEAST_EVENT_S:
            return []
        self._free_from_s = stretch.end_s
        return [self._event(stretch, start_s)]

    def _event(self, stretch: Stretch, start_s: float) -> ActionEvent:
        fused_C, modality_MC = stretch.fused_C / stretch.windows, stretch.modality_MC / stretch.windows
        best = np.argsort(-fused_C, kind="stable")[:3]
        counted = self._counter.counted(self._labels[stretch.label], start_s, stretch.end_s)
        return ActionEvent(
            person=self._person,
            label=self._labels[stretch.label],
            start_s=float(start_s),
            end_s=float(stretch.end_s),
            score=float(fused_C[stretch.label]),
            top3=tuple((self._labels[c], float(fused_C[c])) for c in best),
            modality_scores={name: float(modality_MC[m, stretch.label]) for m, name in enumerate(self._modalities)},
            count=None if counted is None else counted.count,
            repetitions_s=() if counted is None else counted.times_s,
        )


def _same(a: Stretch, b: Stretch) -> bool:
    """Return whether two stretches lie on one movement."""
    both = min(a.end_s, b.end_s) - max(a.start_s, b.start_s)
    return both > SAME * min(a.end_s - a.start_s, b.end_s - b.start_s)


def _join(a: Stretch, b: Stretch) -> None:
    """Merge b into a."""
    a.start_s, a.end_s, a.last_s = min(a.start_s, b.start_s), max(a.end_s, b.end_s), b.last_s
    a.windows += b.windows
    a.fused_C += b.fused_C
    a.modality_MC += b.modality_MC
