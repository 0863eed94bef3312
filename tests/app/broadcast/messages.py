"""Messages as a camera sends them, for tests of who listens."""

from __future__ import annotations

from app.broadcast.hub import Hub
from app.broadcast.message import EventMessage, JointsMessage, StateMessage

NOW = "2026-01-01T00:00:00.000Z"
PHASES = ("start", "update", "end")


def event(number: int, phase: str = "start", person: int = 0, label: str = "clap") -> EventMessage:
    done = {"end": number + 1.0, "confirmed": True} if phase == "end" else {}
    return EventMessage.model_validate(
        {"time": NOW, "input": "camera:0", "seq": 3 * number + PHASES.index(phase) + 1, "id": f"run-{person}-{number}",
         "phase": phase, "person": person, "label": label, "words": "clapping", "start": float(number),
         "score": 0.9, **done}
    )  # fmt: skip


def state(*open_events: EventMessage, people: int = 1) -> StateMessage:
    return StateMessage(time=NOW, input="camera:0", people=people, open=list(open_events))


def joints(t: float) -> JointsMessage:
    return JointsMessage(time=NOW, input="camera:0", t=t, persons=[])


def send(hub: Hub, *numbers: int, phase: str = "start", person: int = 0) -> None:
    for number in numbers:
        hub.send(event(number, phase, person), state())
