"""The corrected events of one recording, checked: what a person says was done, by whom and when."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.teach.pack import PackError, checked_name
from app.types import ActionEvent

MOST_EVENTS = 5000  # of one recording
MOST_PERSON = 9999  # largest number of a person
SLACK_S = 1.0  # an event may end so long after the last picture: sound may go on, and players round


class CorrectionError(ValueError):
    """The reason why corrected events cannot be used, as a message that says what to do."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The corrected events of one recording.

    A recording without events is one in which nobody does anything that has a name. "idle" and "other" are labels too:
    they say what a person is wrongly taken for doing.

    Attributes:
        source: what results call the recording: its file name, or its path.
        events: by start; what a person said of an event has a score of 1.
    """

    source: str
    events: tuple[ActionEvent, ...]

    @property
    def name(self) -> str:
        """The recording's file name."""
        return file_name(self.source)


def file_name(source: str) -> str:
    """Return the file name in a path of either kind of system."""
    return source.replace("\\", "/").rpartition("/")[2]


def made_event(person: object, label: object, start_s: object, end_s: object, score: object = 1.0) -> ActionEvent:
    """Return an event from what a file or a browser says of it.

    Raises:
        CorrectionError: it makes no sense; the message tells the value.
    """
    number = _number(person, "person")
    start, end, sure = _number(start_s, "start"), _number(end_s, "end"), _number(score, "score")
    if number != int(number) or not 0 <= number <= MOST_PERSON:
        raise CorrectionError(f"person is a whole number from 0 to {MOST_PERSON}; got {person!r}")
    if start < 0:
        raise CorrectionError(f"an event starts at 0 s or later; got {start:g}")
    if end <= start:
        raise CorrectionError(f"an event ends after it starts; got {start:g} to {end:g} s")
    if not 0 <= sure <= 1:
        raise CorrectionError(f"a score is from 0 to 1; got {sure:g}")
    try:
        name = checked_name(label if isinstance(label, str) else "")
    except PackError as error:
        raise CorrectionError(str(error)) from None
    return ActionEvent(int(number), name, start, end, sure, ((name, sure),), {})


def _number(value: object, name: str) -> float:
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise CorrectionError(f"{name} is a number; got {str(value)[:40]!r}")
    return number


def checked(source: str, events: Sequence[ActionEvent], seconds: float | None = None) -> Correction:
    """Return events in order, after checking that they can all be true of one recording.

    A person may do several things at a time, but not the same thing twice.

    Args:
        source: what results call the recording.
        events: in any order.
        seconds: when the recording ends, None if unknown.

    Raises:
        CorrectionError: they cannot.
    """
    if len(events) > MOST_EVENTS:
        raise CorrectionError(f"more than {MOST_EVENTS} events of one recording: cut it into parts")
    ordered = sorted(events, key=lambda event: (event.start_s, event.end_s, event.person, event.label))
    ends: defaultdict[tuple[int, str], float] = defaultdict(lambda: -math.inf)
    for event in ordered:
        if seconds is not None and event.end_s > seconds + SLACK_S:
            raise CorrectionError(
                f"an event ends at {event.end_s:.1f} s, but the recording at {seconds:.1f} s: "
                "the events are those of another recording"
            )
        key = event.person, event.label
        if event.start_s < ends[key] - 1e-3:
            raise CorrectionError(
                f"person {event.person} does {event.label!r} twice at {event.start_s:.1f} s: merge the two events"
            )
        ends[key] = max(ends[key], event.end_s)
    return Correction(source, tuple(ordered))


def require_source(correction: Correction, name: str) -> None:
    """Refuse the corrected events of another recording.

    Args:
        correction: that was read.
        name: file name of the recording that is meant.

    Raises:
        CorrectionError: it is another recording's.
    """
    if correction.name != Path(name).name:
        raise CorrectionError(f"these are the events of {correction.name}, not of {Path(name).name}: open that one")
