"""The events of one camera, sent to all who want them, as the camera's own thread gives its answers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from app.broadcast.message import AnyMessage, EventMessage, JointsMessage, PersonJoints, StateMessage
from app.broadcast.phases import Phases, utc_now
from app.types import ActionEvent, Answer, PersonState
from models.labels import SILENT


def new_instance() -> str:
    """Return a text that no other run has, for the ids of its events."""
    return secrets.token_hex(5)


class Sink(Protocol):
    """Where messages go; it takes them in the camera's thread and never makes it wait."""

    @property
    def wants_joints(self) -> bool:
        """Whether it takes joints at the moment."""

    def send(self, message: AnyMessage, state: StateMessage) -> None:
        """Take a message, and the state after it."""


class Broadcast:
    """The events of one stream, and where they go; a context manager, which finishes them.

    Args:
        source: what the results call the input.
        sinks: where messages go.
        words: labels in plain words, by their short ids.
        keeps: whether events of a label are reported.
        instance: see Phases.
    """

    def __init__(
        self,
        source: str,
        sinks: Sequence[Sink],
        words: Mapping[str, str],
        keeps: Callable[[str], bool] = lambda label: True,
        instance: str = "",
    ) -> None:
        self._source, self._sinks, self._words = source, sinks, words
        self._phases = Phases(source, instance or new_instance(), words, keeps)
        self._people = 0
        self._send([self._state()])

    def __enter__(self) -> Broadcast:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def frame(self, answer: Answer) -> None:
        """Tell what one frame begins or changes, after `end` has told the events that ended with it."""
        self._send(self._phases.frame(answer))
        people = len(answer.persons)
        if people != self._people:
            self._people = people
            self._send([self._state()])
        wanting = [sink for sink in self._sinks if sink.wants_joints]
        if wanting:
            message, state = self._joints(answer), self._state()
            for sink in wanting:
                sink.send(message, state)

    def end(self, event: ActionEvent, kept: bool = True) -> str:
        """Tell the end of an event that the stream gives, and return its id; see Phases.end."""
        number, told = self._phases.end(event, kept)
        self._send(told)
        return number

    def finish(self) -> None:
        """End what is open, because the stream is over and has given its last events."""
        self._people = 0
        self._send([*self._phases.finish(), self._state()])

    def _send(self, messages: Iterable[AnyMessage]) -> None:
        for message in messages:
            state = self._state() if isinstance(message, EventMessage) else message
            assert isinstance(state, StateMessage)
            for sink in self._sinks:
                sink.send(message, state)

    def _state(self) -> StateMessage:
        return StateMessage(time=utc_now(), input=self._source, people=self._people, open=self._phases.open)

    def _joints(self, answer: Answer) -> JointsMessage:
        persons = [self._person(state) for state in answer.persons if state.pose is not None]
        return JointsMessage(time=utc_now(), input=self._source, t=round(answer.time_s, 3), persons=persons)

    def _person(self, state: PersonState) -> PersonJoints:
        pose, label = state.pose, state.label
        assert pose is not None
        rows = zip(pose.image_V3[:, :2].tolist(), pose.visibility_V.tolist(), strict=True)
        told = label is not None and label not in SILENT
        return PersonJoints(
            person=state.person,
            main=state.main,
            label=label,
            words=self._words.get(label, label.replace("_", " ")) if told and label is not None else "",
            count=state.count,
            points=[(round(x, 4), round(y, 4), round(seen, 3)) for (x, y), seen in rows],
        )
