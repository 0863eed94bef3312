"""Everybody of whom an answer speaks, in the form that files of results need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.landmarks.file_format import UNFOLLOWED
from app.types import Answer, Pose


@dataclass(frozen=True, slots=True)
class Followed:
    """One person who is followed.

    Attributes:
        number: of the person within the stream, as in events.
        pose: None while out of sight.
        label: short id of the current action, None where there is none.
        score: of that label.
    """

    number: int
    pose: Pose | None
    label: str | None
    score: float


def followed(answer: Answer) -> list[Followed]:
    """Everybody whom the stream follows, the main person first."""
    return [Followed(person.person, person.pose, person.label, person.score) for person in answer.persons]


def numbered(answer: Answer, poses: Sequence[Pose]) -> list[tuple[int, Pose]]:
    """All poses of the answer's frame with their people's numbers; those whom nobody follows get high ones."""
    numbers = {id(person.pose): person.number for person in followed(answer) if person.pose is not None}
    return [(numbers.get(id(pose), UNFOLLOWED + i), pose) for i, pose in enumerate(poses)]
