"""The people of an answer, in the form that result files need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.landmarks.file_format import UNFOLLOWED
from app.types import Answer, Pose


@dataclass(frozen=True, slots=True)
class Followed:
    """A person whom the stream follows.

    Attributes:
        number: of the person within the stream, as in events.
        pose: None while out of sight.
        label: short id of the current action, None where there is none.
        score: of that label.
        count: how often the action was repeated so far, None where it is not counted.
    """

    number: int
    pose: Pose | None
    label: str | None
    score: float
    count: int | None = None


def followed(answer: Answer) -> list[Followed]:
    """Return the people whom the stream follows, the main person first."""
    return [Followed(one.person, one.pose, one.label, one.score, one.count) for one in answer.persons]


def numbered(answer: Answer, poses: Sequence[Pose]) -> list[tuple[int, Pose]]:
    """Return all poses of the answer's frame with person numbers.

    People whom the stream does not follow get numbers from 1000 on.
    """
    numbers = {id(person.pose): person.number for person in followed(answer) if person.pose is not None}
    return [(numbers.get(id(pose), UNFOLLOWED + i), pose) for i, pose in enumerate(poses)]
