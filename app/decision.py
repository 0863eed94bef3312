"""From scores of windows to actions with a start and an end.

Scores are smoothed by time, an action starts above one threshold and ends below a lower one, and what was too
short to be an action is dropped. Keeps sums only, so a stream may last as long as it likes.

Shapes: C classes, M modalities.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from app.types import ActionEvent

IDLE = "idle"
OTHER = "other"  # what no action names: scored, but never said
SMOOTHING_S = 0.4  # time constant of the smoothing
LEAST_EVENT_S = 0.4  # shorter is a flicker
# A smoothed step passes its half this much after the step itself.
_LAG_S = SMOOTHING_S * math.log(2)


class _Open:
    """An action that goes on: its label, its start and the sums of its scores."""

    def __init__(self, label: int, start_s: float, classes: int, modalities: int) -> None:
        self.label, self.start_s = label, start_s
        self._windows = 0
        self._fused_C, self._modality_MC = np.zeros(classes), np.zeros((modalities, classes))

    def add(self, fused_C: np.ndarray, modality_MC: np.ndarray) -> None:
        self._windows += 1
        self._fused_C += fused_C
        self._modality_MC += modality_MC

    def event(self, person: int, end_s: float, labels: Sequence[str], modalities: Sequence[str]) -> ActionEvent:
        fused_C, modality_MC = self._fused_C / self._windows, self._modality_MC / self._windows
        best = np.argsort(-fused_C, kind="stable")[:3]
        return ActionEvent(
            person=person,
            label=labels[self.label],
            start_s=self.start_s,
            end_s=end_s,
            score=float(fused_C[self.label]),
            top3=tuple((labels[c], float(fused_C[c])) for c in best),
            modality_scores={name: float(modality_MC[m, self.label]) for m, name in enumerate(modalities)},
        )


class Decision:
    """The state machine of one followed person.

    Args:
        labels: short ids in the order of the scores; "idle" and "other" among them never make an event.
        modalities: names in the order of the modality scores.
        thresholds: "enter" and "leave", smoothed scores between which the current action goes on.

    Attributes:
        label: short id of the current action or "idle"; None where nothing stands out.
        score: smoothed fused score of that label, 0 without one.
        fused_C: smoothed fused scores, None before the first window.
        modality_MC: smoothed scores by modality, None before the first window.
    """

    def __init__(self, labels: Sequence[str], modalities: Sequence[str], thresholds: Mapping[str, float]) -> None:
        self._enter, self._leave = float(thresholds["enter"]), float(thresholds["leave"])
        if not 0 < self._leave <= self._enter <= 1:
            raise ValueError(f"thresholds need 0 < leave <= enter <= 1; got {dict(thresholds)}")
        self._labels, self._modalities = tuple(labels), tuple(modalities)
        self._idle = self._labels.index(IDLE) if IDLE in self._labels else -1
        self._silent = {self._labels.index(label) for label in (IDLE, OTHER) if label in self._labels}
        self._free_from_s = -math.inf  # the end of the last event: the next may not start before it
        self.reset()

    def reset(self) -> None:
        """Forget the smoothed scores and drop an action that goes on (`close` first to keep it)."""
        self.fused_C: np.ndarray | None = None
        self.modality_MC: np.ndarray | None = None
        self.label: str | None = None
        self._time_s = 0.0
        self._open: _Open | None = None

    @property
    def score(self) -> float:
        if self.label is None or self.fused_C is None:
            return 0.0
        return float(self.fused_C[self._labels.index(self.label)])

    @property
    def closest(self) -> tuple[str, float] | None:
        """While there are scores and no label: the best label that may be said, and its smoothed score."""
        if self.label is not None or self.fused_C is None:
            return None
        said = [c for c in range(len(self._labels)) if c not in self._silent]
        best = max(said, key=lambda c: self.fused_C[c], default=None)
        return None if best is None else (self._labels[best], float(self.fused_C[best]))

    def update(
        self,
        time_s: float,
        middle_s: float,
        fused_C: np.ndarray,
        modality_MC: np.ndarray,
        person: int = 0,
        since_s: float = 0.0,
    ) -> list[ActionEvent]:
        """Take the scores of one window.

        Args:
            time_s: when they were made (the window's end); increases.
            middle_s: the time that they speak of (the window's middle).
            fused_C: (C,) fused scores.
            modality_MC: (M, C) scores by modality.
            person: number of the followed person.
            since_s: when this person came into view; nothing starts before it.

        Returns:
            Events that ended with this window: none or one.
        """
        self._smooth(time_s, fused_C, modality_MC)
        best = int(np.argmax(self.fused_C))
        ended = self._end(best, max(since_s, middle_s - _LAG_S), person)
        enters = best not in self._silent and self.fused_C[best] >= self._enter
        if self._open is None and enters:
            start_s = max(since_s, self._free_from_s, middle_s - _LAG_S)
            self._open = _Open(best, start_s, len(fused_C), len(modality_MC))
        if self._open is not None:
            self._open.add(fused_C, modality_MC)
            self.label = self._labels[self._open.label]
        else:
            self.label = IDLE if best == self._idle and self.fused_C[best] >= self._leave else None
        return ended

    def close(self, time_s: float, person: int = 0) -> list[ActionEvent]:
        """The person is gone or the stream is over at `time_s`: end what goes on, there, and forget the scores."""
        ended = self._finish(time_s, person)
        self.reset()
        return ended

    def _smooth(self, time_s: float, fused_C: np.ndarray, modality_MC: np.ndarray) -> None:
        if self.fused_C is None or self.modality_MC is None:
            self.fused_C, self.modality_MC = fused_C.astype(float), modality_MC.astype(float)
        else:
            share = 1 - math.exp(-(time_s - self._time_s) / SMOOTHING_S)
            self.fused_C = self.fused_C + share * (fused_C - self.fused_C)
            self.modality_MC = self.modality_MC + share * (modality_MC - self.modality_MC)
        self._time_s = time_s

    def _end(self, best: int, end_s: float, person: int) -> list[ActionEvent]:
        """End the current action if it fell below `leave`, or if another label (idle too) is sure and better."""
        if self._open is None:
            return []
        faded = self.fused_C[self._open.label] < self._leave
        replaced = best != self._open.label and self.fused_C[best] >= self._enter
        return self._finish(end_s, person) if faded or replaced else []

    def _finish(self, end_s: float, person: int) -> list[ActionEvent]:
        action, self._open = self._open, None
        if action is None or end_s - action.start_s < LEAST_EVENT_S:
            return []
        self._free_from_s = end_s
        return [action.event(person, end_s, self._labels, self._modalities)]
