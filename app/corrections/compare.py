"""What was said of a recording against what a person says was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.types import ActionEvent
from models.labels import SILENT
from models.system.words import count

SHARED = 0.5  # share of the shorter of two events from which they are one


@dataclass(frozen=True, slots=True)
class Compared:
    """Events against corrected ones.

    An event is right if a corrected one of the same person and label lies with it for half of the shorter one.

    Attributes:
        right: events that are right.
        false: events that are not.
        missed: corrected events that no event is right about; "idle" and "other" are none.
    """

    right: tuple[ActionEvent, ...] = ()
    false: tuple[ActionEvent, ...] = ()
    missed: tuple[ActionEvent, ...] = ()

    @property
    def wrong(self) -> int:
        """How many events are false, and how many are missed."""
        return len(self.false) + len(self.missed)

    def __add__(self, other: Compared) -> Compared:
        return Compared(self.right + other.right, self.false + other.false, self.missed + other.missed)


def compare(said: Sequence[ActionEvent], truth: Sequence[ActionEvent]) -> Compared:
    """Compare events with corrected ones."""
    named = [event for event in truth if event.label not in SILENT]
    right = [event for event in said if any(_agree(event, other) for other in named)]
    missed = [event for event in named if not any(_agree(event, other) for other in said)]
    return Compared(tuple(right), tuple(event for event in said if event not in right), tuple(missed))


def in_words(before: Compared, after: Compared, worse: bool) -> str:
    """Return in words whether a recording is called better than before.

    Args:
        before, after: its events against the corrected ones.
        worse: whether it is to be called worse.
    """
    better = "worse" if worse else "better" if after.wrong < before.wrong else "no better"
    return f"{better}: {count(before.wrong, 'wrong event')} before, {after.wrong} after"


def shared_s(a: ActionEvent, b: ActionEvent) -> float:
    """Return for how long two events of one person go on together, seconds; 0 for two people."""
    return max(0.0, min(a.end_s, b.end_s) - max(a.start_s, b.start_s)) if a.person == b.person else 0.0


def half(event: ActionEvent, others: Sequence[ActionEvent]) -> bool:
    """Return whether one of the others covers half of the shorter of the two."""
    return any(
        shared_s(event, other) >= SHARED * min(event.end_s - event.start_s, other.end_s - other.start_s)
        for other in others
    )


def _agree(a: ActionEvent, b: ActionEvent) -> bool:
    shorter_s = min(a.end_s - a.start_s, b.end_s - b.start_s)
    return a.label == b.label and shared_s(a, b) >= SHARED * shorter_s > 0
