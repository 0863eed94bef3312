"""Rows of measures besides accuracy (training.judging.measures), in the form of training.judging.rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Separation of actions of the list from clips of no action.

    Attributes:
        known: clips of an action.
        unknown: clips of none.
        auroc: in [0, 1].
        fpr95: unknown clips that score at least what 95 % of the known do, in %.
        said_of_unknown: unknown clips in which at least one event was given, in %.
        said_of_known: known clips in which at least one event was given, in %.
    """

    known: int
    unknown: int
    auroc: float | None
    fpr95: float | None
    said_of_unknown: float | None
    said_of_known: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Unknown:
        return cls(**held)


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseEvents:
    """Events in clips of stillness, where each is a mistake.

    Attributes:
        clips: of stillness.
        minutes: of them.
        events: given in them.
        per_minute: of them.
        labels: how often each was said, most often first.
    """

    clips: int
    minutes: float
    events: int
    per_minute: float | None
    labels: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> FalseEvents:
        return cls(**held)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateAccuracy:
    """Top-1 of the same scenes at several camera rates.

    Attributes:
        clips: that could be judged at all rates, the only ones that count.
        left_out: the others.
        top1: in %, by rate in frames a second.
        change: in points against `measures.BASE_FPS`, by rate.
    """

    clips: int
    left_out: int
    top1: dict[str, float | None]
    change: dict[str, float | None]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> RateAccuracy:
        return cls(**held)


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerBody:
    """Top-1 of actions of the arms with the lower body seen and unseen.

    Attributes:
        clips: judged.
        left_out: that hardly show a lower body.
        seen: top-1 as the clips are, in %.
        unseen: top-1 with the lower body unseen from beginning to end, in %.
        change: in points.
    """

    clips: int
    left_out: int
    seen: float | None
    unseen: float | None
    change: float | None

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> LowerBody:
        return cls(**held)


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRow:
    """What is said of the videos of one age and part.

    Attributes:
        videos: newer or older.
        part: val or test.
        clips, right, top3: videos of one action, and of these named rightly and with the action among the three best.
        quiet: videos of stillness, of other movement or of nobody.
        minutes: of those.
        events: given in those.
        per_minute: events a minute of those; None without any.
        labels: how often each was said in those, most often first.
    """

    videos: str
    part: str
    clips: int
    right: int
    top3: int
    quiet: int
    minutes: float
    events: int
    per_minute: float | None
    labels: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def cells(self) -> dict[str, object]:
        """Return the row of a table for people."""
        return {
            "videos": self.videos, "part": self.part, "right": f"{self.right} of {self.clips}", "top three": self.top3,
            "idle, other, empty": self.quiet, "minutes": self.minutes, "events": self.events,
            "a minute": "-" if self.per_minute is None else self.per_minute,
            "said": ", ".join(f"{label} {n}" for label, n in self.labels.items()) or "-",
        }  # fmt: skip

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> VideoRow:
        return cls(**held)
