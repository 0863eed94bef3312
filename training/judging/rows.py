"""Rows of judgements: made in this room, kept as JSON, read by the card.

`to_dict` gives a row as its file holds it, `from_dict` reads it back. Shares are in %, and None where there is nothing
to take a share of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeVar

R = TypeVar("R")


class JsonRow(Protocol):
    """Row that a file can hold."""

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON, or a table of Markdown, holds it."""


def as_dicts(rows: Sequence[JsonRow]) -> list[dict[str, Any]]:
    """Return the rows of one table as JSON, or a table of Markdown, holds them."""
    return [row.to_dict() for row in rows]


Rows = JsonRow | Mapping[str, JsonRow] | Sequence[JsonRow]


def plain(rows: Rows) -> Any:
    """Convert a row, rows by name, or rows in turn to what JSON holds."""
    if isinstance(rows, Mapping):
        return {name: row.to_dict() for name, row in rows.items()}
    return as_dicts(rows) if isinstance(rows, Sequence) else rows.to_dict()


def by_name(read: Callable[[Any], R]) -> Callable[[Any], dict[str, R]]:
    """Return a function that reads back rows by name."""
    return lambda held: {name: read(row) for name, row in held.items()}


def in_turn(read: Callable[[Any], R]) -> Callable[[Any], tuple[R, ...]]:
    """Return a function that reads back rows in turn."""
    return lambda held: tuple(map(read, held))


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Share of clips that were named rightly.

    Attributes:
        clips: judged.
        top1: those whose best label is the truth, in %.
        top3: those whose truth is among the three best, in %.
        mean_per_action: mean over actions of their top-1, in %.
    """

    clips: int
    top1: float
    top3: float
    mean_per_action: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class MeasureRow:
    """Accuracy on one group of clips. `measure` is its title."""

    measure: str
    accuracy: Accuracy

    def to_dict(self) -> dict[str, Any]:
        return {"measure": self.measure, **self.accuracy.to_dict()}

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> MeasureRow:
        return cls(held["measure"], Accuracy(**{key: value for key, value in held.items() if key != "measure"}))


@dataclass(frozen=True, slots=True)
class BaselineRow:
    """Top-1 of the SVM baseline on one group of clips, in %."""

    measure: str
    clips: int
    top1: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> BaselineRow:
        return cls(**held)


@dataclass(frozen=True, slots=True)
class ActionRow:
    """Accuracy of one action.

    Attributes:
        action: short id.
        clips: of it.
        recall: share of its clips that are named rightly, in %.
        precision: share of the clips that are named so and show it, in %.
        taken_for: what it is most often taken for, with how often; "" where never.
    """

    action: str
    clips: int
    recall: float
    precision: float
    taken_for: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "action": self.action, "clips": self.clips, "recall": self.recall, "precision": self.precision,
            "taken for": self.taken_for,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> ActionRow:
        return cls(held["action"], held["clips"], held["recall"], held["precision"], held["taken for"])


@dataclass(frozen=True, slots=True)
class VideoAnswers:
    """Answers to one real video, the three best labels."""

    video: str
    action: str
    answers: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"video": self.video, "action": self.action, "answers": list(self.answers)}

    def cells(self) -> dict[str, str]:
        """Return the row of a table for people."""
        return {"video": self.video, "action": self.action, "answers": ", ".join(self.answers)}

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> VideoAnswers:
        return cls(held["video"], held["action"], tuple(held["answers"]))


@dataclass(frozen=True, slots=True)
class Hits:
    """Counts of videos: named rightly, with the truth among the three best, and all."""

    right: int
    top3: int
    total: int

    def __str__(self) -> str:
        return f"{self.right} of {self.total}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Accuracies of one model on one part.

    Attributes:
        part: val or test.
        model: version of its file.
        rows: by group of clips.
        videos: counts of real videos.
        clips: answers for each of them.
        per_action: group -> its actions.
    """

    part: str
    model: str
    rows: tuple[MeasureRow, ...]
    videos: Hits
    clips: tuple[VideoAnswers, ...]
    per_action: dict[str, tuple[ActionRow, ...]]

    def to_dict(self) -> dict[str, Any]:
        return {
            "part": self.part, "model": self.model, "rows": as_dicts(self.rows),
            "videos": [self.videos.right, self.videos.top3, self.videos.total], "clips": as_dicts(self.clips),
            "per_action": {title: as_dicts(rows) for title, rows in self.per_action.items()},
        }  # fmt: skip

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Judged:
        return cls(
            part=held["part"],
            model=held["model"],
            rows=tuple(map(MeasureRow.from_dict, held["rows"])),
            videos=Hits(*held["videos"]),
            clips=tuple(map(VideoAnswers.from_dict, held["clips"])),
            per_action={title: tuple(map(ActionRow.from_dict, rows)) for title, rows in held["per_action"].items()},
        )
