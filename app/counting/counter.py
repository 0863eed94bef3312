"""The counter of one person: a few seconds of joints, and the repetitions of the action that goes on.

While an action goes on, its repetitions within the last KEEP_S are found again and again. Those that are long over are
fixed, so that neither memory nor time grows with the length of an action.

Shapes: V joints (25), R repetitions.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from app.counting.actions import is_counted, is_in_position, least_of, sides_of
from app.counting.repetitions import repetitions

KEEP_S = 24.0  # joints are kept so long
FIX_AFTER_S, FIXED_S = 16.0, 8.0  # when so much is not fixed, all but the last seconds is
NEXT_S = 1 / 40  # frames nearer than this to the last one are left out
BEFORE_S, AFTER_S = 1.0, 2.0  # so much around an action is looked at: its first way out and its last way back
EDGE_S = 0.5  # a far point may lie so long before the start or after the end, which are not known better
RESUME_S = 5.0  # after a pause of up to so long the same action is counted on, live
LEAST_APART_S = 0.2  # a far point that is found again lies nearer to the one before
MOST_TIMES = 10_000  # of one action; earlier ones are counted on, without their times
MOST_RUNS = 64  # that wait to be told


@dataclass(frozen=True, slots=True)
class Counted:
    """The repetitions of one action.

    Attributes:
        count: how many there were.
        times_s: when each was more than half of the way back, seconds; the last MOST_TIMES.
    """

    count: int
    times_s: tuple[float, ...]


@dataclass(slots=True)
class _Run:
    """What is known of a stretch of one action.

    Attributes:
        label: short id.
        start_s: when it began, as far as that is known.
        times_s: its fixed repetitions, the last MOST_TIMES.
        number: how many are fixed.
        until_s: up to when they are.
        shown: the largest number that was found.
        far_s: the far points of what was found last and is not fixed.
    """

    label: str
    start_s: float
    times_s: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_TIMES))
    number: int = 0
    until_s: float = -np.inf
    shown: int = 0
    far_s: list[float] = field(default_factory=list)

    def fix(self, found: list[float], before_s: float) -> None:
        """Fix what was found up to a time: it does not change, whatever is found later."""
        old, new = [t for t in found if t <= before_s], [t for t in found if t > before_s]
        self.times_s.extend(old)
        self.number += len(old)
        # Found again, a repetition lies a little elsewhere: the border keeps away from those on both sides.
        self.until_s = ((old[-1] if old else before_s) + new[0]) / 2 if new else before_s


class _Series(NamedTuple):
    """The same action several times in turn, with short pauses: its label, its last end, and the sum."""

    label: str
    end_s: float
    number: int


class Counter:
    """The counter of one person's repetitions, of one action after the other."""

    def __init__(self) -> None:
        self._frames: deque[tuple[float, np.ndarray, np.ndarray]] = deque()
        self._runs: dict[float, _Run] = {}  # by when they were first seen; those that are over wait to be told
        self._series = _Series("", -np.inf, 0)  # of what was told
        self._told_s = -np.inf  # the last far point of what was told

    def push(self, time_s: float, joints_V3: np.ndarray, seen_V: np.ndarray) -> None:
        """Add one frame: joints (25, 3) in metres and seen (25,) bool, with its shoulders seen; time increases."""
        if self._frames and time_s - self._frames[-1][0] < NEXT_S:
            return
        self._frames.append((time_s, joints_V3, seen_V))
        while self._frames[0][0] < time_s - KEEP_S:
            self._frames.popleft()

    def clear(self) -> None:
        """Forget everything, because the person is gone."""
        self._frames.clear()
        self._runs.clear()
        self._series, self._told_s = _Series("", -np.inf, 0), -np.inf

    def count(self, label: str, first_s: float, start_s: float, now_s: float) -> int | None:
        """Return how many repetitions an action that goes on has so far; None while that is not to be said.

        It never falls, and goes on after a pause of up to RESUME_S.

        Args:
            label: short id.
            first_s: what tells this action from an earlier one: when it was first seen.
            start_s: when it began, as far as that is known.
            now_s: the newest frame's time.
        """
        if not is_counted(label):
            return None
        run = self._run(label, first_s, start_s)
        pairs = self._pairs(label, start_s, now_s, run.until_s)
        found = [done_s for _, done_s in pairs]
        run.shown = max(run.shown, run.number + len(found))
        if now_s - max(run.until_s, start_s) > FIX_AFTER_S:
            run.fix(found, now_s - FIXED_S)
        run.far_s = [far_s for far_s, done_s in pairs if done_s > run.until_s]
        number = run.shown + self._before(run)
        return number if number >= least_of(label) else None

    def counted(self, label: str, start_s: float, end_s: float) -> Counted | None:
        """Return the repetitions of an action that is over, and forget what was fixed of it; None if it has none.

        Args:
            label: short id.
            start_s: start of the action, seconds.
            end_s: its end.
        """
        runs = [run for run in self._runs.values() if run.start_s < end_s and run.number]
        self._runs = {first_s: run for first_s, run in self._runs.items() if first_s >= end_s}
        if not is_counted(label):
            return None
        fixed = [t for run in runs for t in run.times_s if t > start_s - EDGE_S]
        until_s = max((run.until_s for run in runs), default=-np.inf)
        pairs = self._pairs(label, start_s, end_s, until_s)
        found = [done_s for _, done_s in pairs]
        self._told_s = pairs[-1][0] if pairs else max(self._told_s, until_s)
        number = sum(run.number - len(run.times_s) for run in runs) + len(fixed) + len(found)
        self._series = _Series(label, end_s, number + self._resumed(label, start_s))
        return Counted(number, tuple([*fixed, *found][-MOST_TIMES:])) if number >= least_of(label) else None

    def _run(self, label: str, first_s: float, start_s: float) -> _Run:
        """Return what is known of the action that was first seen then; where it began may change once that is known."""
        run = self._runs.get(first_s)
        if run is None or (run.start_s != start_s and not run.number):
            run = self._runs[first_s] = _Run(label, start_s)
        while len(self._runs) > MOST_RUNS:
            del self._runs[next(iter(self._runs))]
        return run

    def _before(self, run: _Run) -> int:
        """Return how many repetitions of the same action came shortly before a run."""
        waiting = [other for other in self._runs.values() if other.start_s < run.start_s]
        if any(other.label != run.label and other.shown > 1 for other in waiting):
            return 0  # a word that only flickered between ends no series
        waiting = [other for other in waiting if other.label == run.label]
        # Runs reach back, and one that flickered may have found what the next one finds again: each counts once.
        borders_s = self._told_s + LEAST_APART_S, run.start_s - EDGE_S
        far_s = sorted(at_s for other in waiting for at_s in other.far_s if borders_s[0] < at_s < borders_s[1])
        apart = int(np.sum(np.diff(far_s, prepend=-np.inf) > LEAST_APART_S))
        return sum(other.number for other in waiting) + apart + self._resumed(run.label, run.start_s)

    def _resumed(self, label: str, start_s: float) -> int:
        """Return how many repetitions of the same action were told shortly before it began."""
        resumes = self._series.label == label and start_s - self._series.end_s < RESUME_S
        return self._series.number if resumes else 0

    def _pairs(self, label: str, start_s: float, end_s: float, until_s: float) -> list[tuple[float, float]]:
        """Return (far point, way back) of an action's repetitions, as far as its joints are kept.

        What was told before does not count again, nor what is fixed up to a time.
        """
        some = [frame for frame in self._frames if start_s - BEFORE_S <= frame[0] <= end_s + AFTER_S]
        if not some:
            return []
        times_T, joints_TV3, seen_TV = (np.array(column) for column in zip(*some, strict=True))
        action_s = (start_s, end_s) if is_in_position(label) else None
        found_R2 = repetitions(times_T, joints_TV3, seen_TV, sides_of(label), action_s)
        from_s = max(start_s - EDGE_S, self._told_s + LEAST_APART_S)
        return [(far, done) for far, done in found_R2.tolist() if from_s <= far <= end_s + EDGE_S and done > until_s]
