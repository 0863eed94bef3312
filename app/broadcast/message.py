"""The messages that other programs get, as JSON: events in their phases, the state now, and people's joints.

The fields of an event are those of the result files (app.classify.formats). docs/events.schema.json is `schema_text()`.
A field is never renamed or removed within a VERSION; one may be added.
"""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

VERSION: Literal[1] = 1
Phase = Literal["start", "update", "end"]


class Message(BaseModel):
    """What all messages have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = Field(default=VERSION, description="of this schema")
    time: str = Field(description="when the message was made: RFC 3339, UTC")
    input: str = Field(description="what the results call the camera; never with a password")


class EventMessage(Message):
    """A phase of one action of one person."""

    type: Literal["event"] = "event"
    seq: int = Field(
        ge=0,
        description="number of the message: larger than that of each message before, of an earlier run too; what is "
        "not larger than the last one has come a second time",
    )
    id: str = Field(description="of the event, the same in all its phases and in the result files")
    phase: Phase = Field(
        description="start: the action is sure; update: its label or its count changed; end: it is over, and the other "
        "fields are final. Each start has one end."
    )
    person: int = Field(ge=0, description="number within the stream, from 0")
    label: str = Field(description="short id of the action")
    words: str = Field(description="the label in plain words")
    start: float = Field(
        description="seconds from the start of the stream: when the action was first named, and in the end phase when "
        "the movement began"
    )
    end: float | None = Field(default=None, description="seconds, when the movement ended; null before the end phase")
    score: float = Field(description="0 to 1: of the newest moment, and in the end phase the mean over the event")
    top3: list[tuple[str, float]] | None = Field(
        default=None, description="best labels with their scores, in the end phase"
    )
    modality_scores: dict[str, float] | None = Field(default=None, description="the label's scores, in the end phase")
    count: int | None = Field(default=None, description="repetitions so far; null where the action is not counted")
    repetitions: list[float] | None = Field(default=None, description="seconds of each one, in the end phase")
    confirmed: bool | None = Field(
        default=None,
        description="in the end phase, whether the event stands in the result files; false: on a second look it was "
        "none, or it is one that the options leave out",
    )


class StateMessage(Message):
    """What goes on now: the first message to whoever comes, and one whenever the number of people changes."""

    type: Literal["state"] = "state"
    people: int = Field(ge=0, description="how many people are followed")
    open: list[EventMessage] = Field(description="the newest message of each event that has begun and not ended")
    missed: bool = Field(
        default=False, description="true: events after the last one that was asked for are no longer held"
    )
    dropped: int = Field(
        default=0, ge=0, description="events that could not be delivered by MQTT and were given up, so far"
    )


class PersonJoints(BaseModel):
    """One person in one picture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    person: int
    main: bool = Field(description="whether this is the nearest one")
    label: str | None = Field(description="short id of the current action, of idle, or null")
    words: str = Field(description="the current action in plain words, or an empty text")
    count: int | None = None
    points: list[tuple[float, float, float]] = Field(
        description="33 landmarks of BlazePose: x and y as shares of the picture's width and height, and visibility"
    )


class JointsMessage(Message):
    """Everybody's joints in one picture; a slow listener gets fewer of them, never older ones."""

    type: Literal["joints"] = "joints"
    t: float = Field(description="seconds from the start of the stream")
    persons: list[PersonJoints]


AnyMessage = EventMessage | StateMessage | JointsMessage


def schema() -> dict[str, Any]:
    """Return the JSON Schema of all messages."""
    found = TypeAdapter(AnyMessage).json_schema(mode="serialization")
    for kind in found["$defs"].values():
        kind.pop("additionalProperties", None)  # a later program may add fields
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "IKEM Live events", **found}


def schema_text() -> str:
    """Return the schema as the text of docs/events.schema.json."""
    return json.dumps(schema(), indent=1, sort_keys=True) + "\n"
