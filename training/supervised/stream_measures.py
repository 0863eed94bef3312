"""Measures of what the stream says of clips: false events where no action goes on, right ones where one does.

Shapes: N clips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.labels import IDLE, OTHER, SILENT
from training.supervised.seen import seen_weights
from training.supervised.stream_scores import Played


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """The most that a stream may say where no action goes on.

    Attributes:
        minute: false events a minute, as a mean over stillness and other movement; None sets no limit.
        shares: "idle" and "other" -> share of their clips with a false event.
        by_label: whether actions get thresholds of their own where that pays.
    """

    minute: float | None = 0.7
    shares: Mapping[str, float] = field(default_factory=lambda: {IDLE: 0.01, OTHER: 0.05})
    by_label: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """What a stream says where no action goes on.

    Attributes:
        minute: "idle" and "other" -> false events a minute, as far as there are clips of them.
        share: "idle" and "other" -> share of their clips with a false event.
    """

    minute: dict[str, float]
    share: dict[str, float]

    def meets(self, targets: Targets) -> bool:
        """Return whether no more is said than may be."""
        few = targets.minute is None or not self.minute or np.mean(list(self.minute.values())) <= targets.minute
        return bool(few) and all(share <= targets.shares.get(label, 1.0) for label, share in self.share.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMeasures:
    """What a stream says by some thresholds.

    Attributes:
        quiet: where no action goes on.
        right: share of the clips of an action with an event of it, as a mean over actions; 0 without such clips.
        wrong: the same with an event of another action.
    """

    quiet: Quiet
    right: float
    wrong: float


class Scale:
    """The weights by which clips count: every label the same, and in it every domain that the app meets.

    Args:
        clips: of stillness, of other movement and of actions.

    Attributes:
        weight_N: of the clips; they sum to 1.
        action_N: their labels.
    """

    def __init__(self, clips: Sequence[Played]) -> None:
        self.action_N = np.array([clip.action for clip in clips])
        self.weight_N = seen_weights([clip.domain for clip in clips], self.action_N.tolist())
        self._seconds_N = np.array([clip.seconds for clip in clips])
        self._kinds = {label: self.action_N == label for label in SILENT if (self.action_N == label).any()}

    def mean(self, value_N: np.ndarray, mine_N: np.ndarray) -> float:
        """Return the mean of a value over some of the clips, 0 over none."""
        weight_N = self.weight_N[mine_N]
        return float(weight_N @ value_N[mine_N] / weight_N.sum()) if mine_N.any() else 0.0

    def quiet(self, count_N: np.ndarray) -> Quiet:
        """Measure what is said where no action goes on, from each clip's number of events."""
        return Quiet(
            minute={
                label: 60 * self.mean(count_N, mine_N) / self.mean(self._seconds_N, mine_N)
                for label, mine_N in self._kinds.items()
            },
            share={label: self.mean(count_N > 0, mine_N) for label, mine_N in self._kinds.items()},
        )

    def measures(self, events: Sequence[Sequence[str]]) -> StreamMeasures:
        """Measure each clip's events."""
        known_N = ~np.isin(self.action_N, SILENT)
        pairs = list(zip(self.action_N.tolist(), map(set, events), strict=True))
        return StreamMeasures(
            quiet=self.quiet(np.array([len(some) for some in events])),
            right=self.mean(np.array([action in some for action, some in pairs]), known_N),
            wrong=self.mean(np.array([bool(some - {action}) for action, some in pairs]), known_N),
        )
