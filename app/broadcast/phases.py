"""From the stream's answers to the phases of events: each start has one end, and both have one id.

The stream names an action as it goes on, and decides a second or two later which event it was (app.stream.events): it
may be joined with the next, get another label, or be none. So an event that was begun here ends when the stream gives
its event, or unconfirmed when the stream gives none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.broadcast.message import VERSION, EventMessage, Phase
from app.broadcast.sequence_numbers import SequenceNumbers
from app.classify.formats import event_fields
from app.stream.events import LEAST_WINDOWS_S
from app.types import ActionEvent, Answer, PersonState
from models.labels import SILENT

SURE_S = LEAST_WINDOWS_S  # an action that is named for less time never becomes an event
GIVE_UP_S = 5.0  # the stream gives an event within 2 s after its action, and within 3 s more at the stream's start


def utc_now() -> str:
    """Return the time of day as RFC 3339, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class _Run:
    """A time in which one label is named without a break.

    Attributes:
        label: short id.
        since_s: the first frame in which it is named.
    """

    label: str
    since_s: float


@dataclass(slots=True)
class _Open:
    """An event that was begun.

    Attributes:
        told: the newest message of it.
        named_s: the newest frame in which its person's action is named.
    """

    told: EventMessage
    named_s: float


class Phases:
    """The phases of everybody's events in one stream.

    Args:
        source: what the results call the input.
        instance: a text that tells this stream from all others, also from an earlier one of the same input.
        words: labels in plain words, by their short ids.
        keeps: whether events of a label are reported.
        now: the time of day, as in a message.
    """

    def __init__(
        self,
        source: str,
        instance: str,
        words: Mapping[str, str],
        keeps: Callable[[str], bool] = lambda label: True,
        now: Callable[[], str] = utc_now,
    ) -> None:
        self._source, self._instance, self._words = source, instance, words
        self._keeps, self._now, self._numbers = keeps, now, SequenceNumbers()
        self._runs: dict[int, _Run] = {}
        self._open: dict[int, _Open] = {}
        self._begun_so_far = 0

    @property
    def open(self) -> list[EventMessage]:
        """The newest message of each event that has begun and not ended."""
        return [opened.told for opened in self._open.values()]

    def frame(self, answer: Answer) -> Iterator[EventMessage]:
        """Yield what one frame begins or changes. The events that ended with the frame are to be told first."""
        there = {state.person: state for state in answer.persons}
        for person in sorted(there.keys() | self._runs.keys() | self._open.keys()):
            state = there.get(person)
            label = None if state is None else state.label
            named = label if label is not None and label not in SILENT and self._keeps(label) else None
            if state is None or named is None:
                self._runs.pop(person, None)
            else:
                run = self._runs.get(person)
                if run is None or run.label != named:
                    run = self._runs[person] = _Run(named, answer.time_s)
                if answer.time_s - run.since_s >= SURE_S:
                    yield from self._sure(run, state)
            yield from self._left(person, named is not None, answer.time_s)

    def end(self, event: ActionEvent, kept: bool = True) -> tuple[str, list[EventMessage]]:
        """End the event that the stream gives, and return its id with what is to be told.

        Args:
            event: the stream's.
            kept: whether it is reported; one that is not was begun all the same, if it was.
        """
        opened = self._open.pop(event.person, None)
        if not kept:
            return "", [] if opened is None else [self._unconfirmed(opened)]
        told = []
        if opened is None:  # it was over before it was sure
            told.append(self._begun(event.person, event.label, event.start_s, event.score))
        begun = told[0] if opened is None else opened.told
        fields = event_fields(self._source, event)
        final = {name: value for name, value in fields.items() if name in EventMessage.model_fields}
        final |= {
            "words": self._said(event.label),
            "id": begun.id,
            "phase": "end",
            "confirmed": True,
            **self._stamp(),
        }
        return begun.id, [*told, EventMessage.model_validate(final)]

    def finish(self) -> list[EventMessage]:
        """End all that is open, because the stream is over and has given its last events."""
        told = [self._unconfirmed(opened) for opened in self._open.values()]
        self._open.clear()
        self._runs.clear()
        return told

    def _sure(self, run: _Run, state: PersonState) -> Iterator[EventMessage]:
        """Yield what a run changes that is sure: it begins an event, or goes on in one under its label."""
        opened, count, score = self._open.get(state.person), state.count, round(float(state.score), 4)
        if opened is None:
            begun = self._begun(state.person, run.label, run.since_s, score, count)
            self._open[state.person] = _Open(begun, run.since_s)
            yield begun
        elif opened.told.label != run.label or (count is not None and count != opened.told.count):
            change = {"label": run.label, "words": self._said(run.label), "score": score, "count": count}
            opened.told = self._changed(opened.told, "update", **change)
            yield opened.told

    def _left(self, person: int, named: bool, time_s: float) -> Iterator[EventMessage]:
        """Yield the end of an event whose action is long over, though the stream gave no event."""
        opened = self._open.get(person)
        if opened is None:
            return
        if named:
            opened.named_s = time_s
        elif time_s - opened.named_s > GIVE_UP_S:
            del self._open[person]
            yield self._unconfirmed(opened)

    def _begun(self, person: int, label: str, start_s: float, score: float, count: int | None = None) -> EventMessage:
        self._begun_so_far += 1
        return EventMessage(
            version=VERSION,
            **self._stamp(),
            input=self._source,
            id=f"{self._instance}-{person}-{self._begun_so_far}",
            phase="start",
            person=person,
            label=label,
            words=self._said(label),
            start=round(start_s, 3),
            score=round(score, 4),
            count=count,
        )

    def _unconfirmed(self, opened: _Open) -> EventMessage:
        return self._changed(opened.told, "end", end=round(opened.named_s, 3), confirmed=False)

    def _changed(self, told: EventMessage, phase: Phase, **changes: object) -> EventMessage:
        return told.model_copy(update={"phase": phase, **self._stamp(), **changes})

    def _stamp(self) -> dict[str, Any]:
        return {"time": self._now(), "seq": self._numbers.next()}

    def _said(self, label: str) -> str:
        return self._words.get(label, label.replace("_", " "))
