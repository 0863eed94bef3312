"""Rows of the webcam table (training.judging.webcam), in the form of training.judging.rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from training.judging.rows import as_dicts


@dataclass(frozen=True, slots=True, kw_only=True)
class WebcamRow:
    """What is said of the windows of one action. Shares are means over people, in %.

    Attributes:
        action: short id.
        people: who do it.
        windows: of theirs.
        top1: best label is the action.
        top3: the action is among the three best.
        right_event: an event names the action; None of idle and other, which have none.
        wrong_event: an event names another action.
        top1_windows: the top-1 of all windows, in %.
        answers: how often each label was the best, most often first; "" where a window could not be judged.
    """

    action: str
    people: int
    windows: int
    top1: float
    top3: float
    right_event: float | None
    wrong_event: float
    top1_windows: float
    answers: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def cells(self) -> dict[str, object]:
        """Return the row of a table for people."""
        answers = ", ".join(f"{label or 'nothing'} {count}" for label, count in [*self.answers.items()][:4])
        return {
            "action": self.action, "people": self.people, "windows": self.windows, "top-1 %": self.top1,
            "top-3 %": self.top3, "right event %": "-" if self.right_event is None else self.right_event,
            "wrong event %": self.wrong_event, "top-1 % of windows": self.top1_windows, "answers": answers,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WebcamMean:
    """Mean of several actions' rows, in %. `measure` says which."""

    measure: str
    actions: int
    top1: float
    top3: float
    right_event: float
    wrong_event: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def cells(self) -> dict[str, object]:
        """Return the row of a table for people."""
        return {
            "mean over": self.measure, "actions": self.actions, "top-1 %": self.top1, "top-3 %": self.top3,
            "right event %": self.right_event, "wrong event %": self.wrong_event,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """Separation of windows of the list's actions from windows of other movement, by one score.

    Attributes:
        score: what it is.
        known, unknown: windows.
        auroc: in [0, 1].
        fpr95: unknown windows that score at least what 95 % of the known do, in %.
    """

    score: str
    known: int
    unknown: int
    auroc: float
    fpr95: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def cells(self) -> dict[str, object]:
        """Return the row of a table for people."""
        return {
            "known against other, by": self.score, "known": self.known, "other": self.unknown, "AUROC": self.auroc,
            "FPR at 95 %": self.fpr95,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WebcamTable:
    """Everything about the windows of some files.

    Attributes:
        files: names.
        people, windows: of all actions.
        rows: by action, idle and other last.
        means: over actions.
        quiet_events: windows of idle and other in which an event is given, in % of the windows; None without any.
        risk: wrong words, in %, among so many % of the windows of actions and other, the surest first.
        separations: by score; none where one kind is missing.
    """

    files: tuple[str, ...]
    people: int
    windows: int
    rows: tuple[WebcamRow, ...]
    means: tuple[WebcamMean, ...]
    quiet_events: float | None
    risk: dict[str, float]
    separations: tuple[Separation, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "files": list(self.files), "people": self.people, "windows": self.windows, "rows": as_dicts(self.rows),
            "means": as_dicts(self.means), "quiet_events": self.quiet_events, "risk": self.risk,
            "separations": as_dicts(self.separations),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> WebcamTable:
        return cls(
            files=tuple(held["files"]),
            people=held["people"],
            windows=held["windows"],
            rows=tuple(WebcamRow(**row) for row in held["rows"]),
            means=tuple(WebcamMean(**row) for row in held["means"]),
            quiet_events=held["quiet_events"],
            risk=held["risk"],
            separations=tuple(Separation(**row) for row in held["separations"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Webcam:
    """Webcam tables of one model on one part.

    Attributes:
        part: val, test or held (both).
        model: version of its file.
        tables: title -> table.
        left_out: what is said of bad windows, one line a file.
    """

    part: str
    model: str
    tables: dict[str, WebcamTable]
    left_out: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "part": self.part, "model": self.model, "left_out": list(self.left_out),
            "tables": {title: table.to_dict() for title, table in self.tables.items()},
        }  # fmt: skip

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Webcam:
        tables = {title: WebcamTable.from_dict(table) for title, table in held["tables"].items()}
        return cls(part=held["part"], model=held["model"], tables=tables, left_out=tuple(held["left_out"]))
