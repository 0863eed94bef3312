"""The decision: from the scores of windows to stretches of time in which one action goes on.

Scores are smoothed over time. An action starts above one threshold and ends below a lower one, or when another action
is sure. Only sums are kept, so a stream may last for any time. When exactly the action took place is decided by
app.stream.events.

Shapes: C classes, M modalities.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from models.labels import IDLE, OTHER
from models.thresholds import Thresholds

SMOOTHING_S = 0.2  # time constant of the smoothing
HIGHEST = 0.95  # a threshold that sensitivity raises stays below it


class Stretch:
    """A run of windows in which one action is the current one.

    Attributes:
        label: column of the action.
        first_s, last_s: ends of the first and of the last window.
        start_s, end_s: the earliest and the latest moment that the windows are about.
        windows: number of windows.
        fused_C, modality_MC: sums of their scores.
    """

    def __init__(self, label: int, time_s: float, moment_s: float, shape_MC: tuple[int, int]) -> None:
        self.label, self.windows = label, 0
        self.first_s = self.last_s = time_s
        self.start_s = self.end_s = moment_s
        self.fused_C, self.modality_MC = np.zeros(shape_MC[1]), np.zeros(shape_MC)

    def add(self, time_s: float, moment_s: float, fused_C: np.ndarray, modality_MC: np.ndarray) -> None:
        """Add one window; see Decision.update."""
        self.windows += 1
        self.last_s, self.end_s = time_s, max(self.end_s, moment_s)
        self.fused_C += fused_C
        self.modality_MC += modality_MC

    @property
    def mass(self) -> float:
        """The evidence for the label: the sum of its scores."""
        return float(self.fused_C[self.label])


class Decision:
    """The state machine of one person's action.

    Args:
        labels: short ids in the order of the scores; "idle" and "other" among them are never named.
        thresholds: "enter" and "leave", smoothed scores at which an action begins and ends; actions in "by_label" begin
            at one of their own.

    Attributes:
        sensitivity: in [0, 1], may be set at any time; 0.5 takes the thresholds as they are, 1 halves them, 0 doubles
            them.
        label: short id of the current action or "idle"; None if no action stands out.
        fused_C: smoothed fused scores, None before the first window.
        modality_MC: smoothed scores by modality, None before the first window.
        current: the stretch that goes on.
    """

    def __init__(self, labels: Sequence[str], thresholds: Thresholds, sensitivity: float = 0.5) -> None:
        self._enter, self._leave = float(thresholds["enter"]), float(thresholds["leave"])
        if not 0 < self._leave <= self._enter <= 1:
            raise ValueError(f"thresholds need 0 < leave <= enter <= 1; got {dict(thresholds)}")
        self._by_label = thresholds.get("by_label", {})
        self._labels = tuple(labels)
        self._idle = self._labels.index(IDLE) if IDLE in self._labels else -1
        self._silent = {self._labels.index(label) for label in (IDLE, OTHER) if label in self._labels}
        self.sensitivity = sensitivity
        self.reset()

    def reset(self) -> None:
        """Forget the smoothed scores and the current action (`close` first to keep it)."""
        self.fused_C: np.ndarray | None = None
        self.modality_MC: np.ndarray | None = None
        self.label: str | None = None
        self.current: Stretch | None = None
        self._time_s = 0.0

    @property
    def sensitivity(self) -> float:
        return self._sensitivity

    @sensitivity.setter
    def sensitivity(self, sensitivity: float) -> None:
        self._sensitivity = checked_sensitivity(sensitivity)

    @property
    def enter(self) -> float:
        """The smoothed score from which an action begins, unless it has one of its own."""
        return self.enter_of("")

    @property
    def leave(self) -> float:
        """The smoothed score below which an action ends, unless it has one of its own."""
        return self.leave_of("")

    def enter_of(self, label: str) -> float:
        """Return the smoothed score from which this action begins."""
        enter = self._by_label.get(label, self._enter)
        return min(enter * self._scale, max(enter, HIGHEST))

    def leave_of(self, label: str) -> float:
        """Return the smoothed score below which this action ends."""
        share = self._by_label.get(label, self._enter) / self._enter
        return min(self._leave * share * self._scale, self.enter_of(label))

    @property
    def _scale(self) -> float:
        return 2 ** (1 - 2 * self._sensitivity)

    @property
    def score(self) -> float:
        """The smoothed fused score of the label, 0 if there is none."""
        if self.label is None or self.fused_C is None:
            return 0.0
        return float(self.fused_C[self._labels.index(self.label)])

    @property
    def closest(self) -> tuple[str, float] | None:
        """The likeliest label, "idle" and "other" included, and its smoothed score, while there is no label to show."""
        if self.label is not None or self.fused_C is None:
            return None
        best = int(np.argmax(self.fused_C))
        return self._labels[best], float(self.fused_C[best])

    def update(self, time_s: float, moment_s: float, fused_C: np.ndarray, modality_MC: np.ndarray) -> Stretch | None:
        """Add the scores of one window.

        Args:
            time_s: end of the window, seconds; it increases.
            moment_s: the moment that the scores are about, seconds.
            fused_C: (C,) fused scores.
            modality_MC: (M, C) scores by modality.

        Returns:
            The stretch that ended before this window, if one did.
        """
        smooth_C = self._smooth(time_s, fused_C, modality_MC)
        best = int(np.argmax(smooth_C))
        ended = self._end(best, smooth_C)
        if self.current is None and best not in self._silent and smooth_C[best] >= self.enter_of(self._labels[best]):
            self.current = Stretch(best, time_s, moment_s, modality_MC.shape)
        if self.current is not None:
            self.current.add(time_s, moment_s, fused_C, modality_MC)
            self.label = self._labels[self.current.label]
        else:
            self.label = IDLE if best == self._idle and smooth_C[best] >= self.leave else None
        return ended

    def close(self) -> Stretch | None:
        """End the current action and forget the scores, because the person is gone or the stream is over."""
        ended = self.current
        self.reset()
        return ended

    def _smooth(self, time_s: float, fused_C: np.ndarray, modality_MC: np.ndarray) -> np.ndarray:
        """Smooth the scores and return the fused ones."""
        if self.fused_C is None or self.modality_MC is None:
            self.fused_C, self.modality_MC = fused_C.astype(float), modality_MC.astype(float)
        else:
            share = 1 - math.exp(-(time_s - self._time_s) / SMOOTHING_S)
            self.fused_C = self.fused_C + share * (fused_C - self.fused_C)
            self.modality_MC = self.modality_MC + share * (modality_MC - self.modality_MC)
        self._time_s = time_s
        return self.fused_C

    def _end(self, best: int, smooth_C: np.ndarray) -> Stretch | None:
        """End the current action if it fell below `leave`, or if another label (idle too) is sure and better."""
        current = self.current
        if current is None:
            return None
        faded = smooth_C[current.label] < self.leave_of(self._labels[current.label])
        replaced = best != current.label and smooth_C[best] >= self.enter_of(self._labels[best])
        if not faded and not replaced:
            return None
        self.current = None
        return current


def checked_sensitivity(sensitivity: float) -> float:
    """Return the sensitivity after a check.

    Raises:
        ValueError: it is not in [0, 1].
    """
    if not 0 <= sensitivity <= 1:
        raise ValueError(f"sensitivity is a number from 0 to 1; got {sensitivity}")
    return float(sensitivity)
