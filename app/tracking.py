"""Which of the people in view is followed: the nearest one, without flipping between two of a size."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from app.types import Pose

LARGER = 1.3  # another person takes over when their box is this much larger ...
PATIENCE_S = 0.5  # ... for this long, or when the followed one has been gone for this long
_REACH = 0.5  # how far a person may be from where they were, in sides of a square as large as their box ...
_REACH_A_S = 2.0  # ... and how much farther for each second between
_RESIZE = 2.5  # and how many times larger or smaller
_SAME_BODY = 0.2  # two poses of one body lie within 0.1 of each other, those of two people 0.3 and more apart


class NearestPerson:
    """Follows the person with the largest body box.

    Attributes:
        person: number of the followed person, from 0; rises when another one is followed; -1 before the first.
    """

    def __init__(self) -> None:
        self.person = -1
        self._followed: Pose | None = None
        self._larger_since_s: float | None = None

    def pick(self, time_s: float, poses: Sequence[Pose]) -> Pose | None:
        """The followed person among `poses` at `time_s`, None while they are out of sight."""
        if not poses:
            self._larger_since_s = None
            return None
        nearest = max(poses, key=lambda pose: pose.area)
        if self._followed is None:
            return self._follow(nearest, new=True)
        same = self._find(time_s, poses)
        if same is None:
            self._larger_since_s = None
            gone = time_s - self._followed.time_s > PATIENCE_S
            return self._follow(nearest, new=True) if gone else None
        if nearest is same or nearest.area < LARGER * same.area:
            self._larger_since_s = None
        elif self._larger_since_s is None:
            self._larger_since_s = time_s
        elif time_s - self._larger_since_s >= PATIENCE_S:
            return self._follow(nearest, new=True)
        return self._follow(same, new=False)

    def _follow(self, pose: Pose, new: bool) -> Pose:
        self._followed = pose
        if new:
            self.person += 1
            self._larger_since_s = None
        return pose

    def _find(self, time_s: float, poses: Sequence[Pose]) -> Pose | None:
        """The followed person near where they were a moment ago, and about as large."""
        last = self._followed
        assert last is not None
        reach = math.sqrt(last.area) * (_REACH + _REACH_A_S * (time_s - last.time_s))
        (x, y), (least, most) = _middle(last), (last.area / _RESIZE, last.area * _RESIZE)
        found = [(math.hypot(_middle(pose)[0] - x, _middle(pose)[1] - y), pose) for pose in poses]
        near = [(far, pose) for far, pose in found if far <= reach and least <= pose.area <= most]
        return min(near, key=lambda pair: pair[0])[1] if near else None


def _middle(pose: Pose) -> tuple[float, float]:
    left, top, right, bottom = pose.box
    return (left + right) / 2, (top + bottom) / 2


def distinct(poses: Sequence[Pose]) -> list[Pose]:
    """The poses without those that the landmarker gave twice for one body."""
    kept: list[Pose] = []
    for pose in poses:
        if all(_apart(pose, other) > _SAME_BODY for other in kept):
            kept.append(pose)
    return kept


def _apart(a: Pose, b: Pose) -> float:
    """Mean distance of their landmarks, in sides of a square as large as a body's box."""
    gap = np.linalg.norm(a.image_V3[:, :2] - b.image_V3[:, :2], axis=1).mean()
    return float(gap) / math.sqrt(max(a.area, 1e-9))


def note_people(found: int) -> str:
    """Plain words for the number of people found in a frame."""
    if found == 0:
        return "no person"
    return "" if found == 1 else f"{found} people: following the nearest"
