"""The tracker of people: each keeps a number from frame to frame, through crossings and short absences.

A pose is assigned to the person whom it fits best by object keypoint similarity (OKS; COCO's spreads, weighted by
visibility, in the scale of the body's box) with where that person should be by now at constant velocity. All people and
poses of a frame are paired at once, so that two who cross do not both take the nearer pose. The command
`python -m training identities` compares this with tracking libraries.

Coordinates are fractions of the frame. Shapes: L landmarks (33), P people, Q poses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from app.types import Pose

MOST_PEOPLE = 4
PATIENCE_S = 2.0  # seconds out of sight after which a person of a live stream is forgotten
LEAST_OKS = 0.1  # below this, place and size decide
_FRESH_S = 0.5  # seconds out of sight that halve a fit, as a near place then proves less
_SETTLE_S = 0.15  # time constant of the velocity
_DRIFT_A_S = 0.1  # how much wider the spreads get a second out of sight, in sides of a square as large as the box
_REACH = 0.5  # by place: greatest distance from the predicted place, in the same sides ...
_REACH_A_S = 1.0  # ... how much farther it may be for each second out of sight ...
_RESIZE = 2.5  # ... and by what factor the size may differ
_SAME_BODY = 0.2  # two poses of one body lie within 0.1 of each other, those of two people 0.3 and more apart
_TORSO = [11, 12, 23, 24]
# COCO's standard deviations of a landmark in the scale of the body; feet as ankles, hands as wrists.
_SIGMA_L = np.array(
    [0.026] + [0.025] * 6 + [0.035] * 2 + [0.03] * 2 + [0.079] * 2 + [0.072] * 2 + [0.062] * 8
    + [0.107] * 2 + [0.087] * 2 + [0.089] * 6
)  # fmt: skip


def oks(xy_L2: np.ndarray, pose: Pose, weight_L: np.ndarray, area: float, wider: float = 0.0) -> float:
    """Return the object keypoint similarity of predicted landmarks and a pose, in [0, 1].

    Args:
        xy_L2: predicted landmarks.
        pose: a pose found in the frame.
        weight_L: weight of each landmark.
        area: scale of the body, squared.
        wider: added to the landmarks' spreads, in the scale of the body.
    """
    gap_L = ((xy_L2 - pose.image_V3[:, :2]) ** 2).sum(1)
    spread_L = 2 * _SIGMA_L + wider
    alike_L = np.exp(-gap_L / (2 * max(area, 1e-9) * spread_L**2))
    return float((weight_L * alike_L).sum() / max(weight_L.sum(), 1e-9))


class _Person:
    """A person's last pose and velocity."""

    def __init__(self, number: int, time_s: float, pose: Pose) -> None:
        self.number, self.seen_s, self.pose = number, time_s, pose
        self._velocity_2 = np.zeros(2)

    def see(self, time_s: float, pose: Pose) -> None:
        step_s = time_s - self.seen_s
        newest_2 = (_middle(pose) - _middle(self.pose)) / step_s
        self._velocity_2 += (1 - math.exp(-step_s / _SETTLE_S)) * (newest_2 - self._velocity_2)
        self.seen_s, self.pose = time_s, pose

    def fit(self, time_s: float, pose: Pose) -> float:
        """Return how well a pose fits this person: the OKS, or a number below LEAST_OKS by place and size, or 0."""
        away_s = time_s - self.seen_s
        moved_2 = self._velocity_2 * away_s
        area = math.sqrt(pose.area * self.pose.area)
        weight_L = np.minimum(pose.visibility_V, self.pose.visibility_V)
        alike = oks(self.pose.image_V3[:, :2] + moved_2, pose, weight_L, area, _DRIFT_A_S * away_s)
        if alike >= LEAST_OKS:
            return LEAST_OKS + (alike - LEAST_OKS) / (1 + away_s / _FRESH_S)
        reach = math.sqrt(max(self.pose.area, 1e-9)) * (_REACH + _REACH_A_S * away_s)
        far = float(np.linalg.norm(_middle(self.pose) + moved_2 - _middle(pose))) / reach
        same_size = self.pose.area / _RESIZE <= pose.area <= self.pose.area * _RESIZE
        return LEAST_OKS * (1 - far) if far < 1 and same_size else 0.0


class People:
    """The people of one stream with their numbers, from 0 in the order of their appearance, the larger first.

    Args:
        patience_s: a person who is out of sight for longer gets a new number when they come back.

    Attributes:
        known: numbers of the people in sight, or out of it for at most `patience_s`.
    """

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._people: list[_Person] = []
        self._next = 0

    @property
    def known(self) -> list[int]:
        return [person.number for person in self._people]

    def update(self, time_s: float, poses: Sequence[Pose]) -> dict[int, Pose]:
        """Assign the poses of one frame to people and return them by number.

        Args:
            time_s: time of the frame, later than the last one's.
            poses: one for each body (`distinct`); if there are more than MOST_PEOPLE, the largest count.
        """
        self._people = [person for person in self._people if time_s - person.seen_s <= self._patience_s]
        poses = sorted(poses, key=lambda pose: -pose.area)[:MOST_PEOPLE]
        fit_PQ = np.array([[person.fit(time_s, pose) for pose in poses] for person in self._people])
        fit_PQ = fit_PQ.reshape(len(self._people), len(poses))
        pairs = best_pairs(fit_PQ)
        for p, q in pairs:
            self._people[p].see(time_s, poses[q])
        taken = {q for _, q in pairs}
        for q in range(len(poses)):
            if q not in taken:
                self._people.append(_Person(self._next, time_s, poses[q]))
                self._next += 1
        # Lost people make room: with MOST_PEOPLE in view no more than as many again are remembered.
        self._people = sorted(self._people, key=lambda person: -person.seen_s)[: 2 * MOST_PEOPLE]
        return {person.number: person.pose for person in self._people if person.seen_s == time_s}


def best_pairs(fit_PQ: np.ndarray) -> list[tuple[int, int]]:
    """Return the pairs (p, q), with each p and q at most once, of the largest sum of fits; a fit of 0 is no pair.

    Every assignment is tried; that is quick for MOST_PEOPLE poses, each of which fits few people.
    """
    best_sum, best = 0.0, []

    def go_on(q: int, total: float, pairs: list[tuple[int, int]]) -> None:
        nonlocal best_sum, best
        if q == fit_PQ.shape[1]:
            if total > best_sum:
                best_sum, best = total, pairs
            return
        used = {p for p, _ in pairs}
        for p in np.flatnonzero(fit_PQ[:, q] > 0).tolist():
            if p not in used:
                go_on(q + 1, total + fit_PQ[p, q], [*pairs, (p, q)])
        go_on(q + 1, total, pairs)

    go_on(0, 0.0, [])
    return best


def _middle(pose: Pose) -> np.ndarray:
    """Return the middle of the trunk (2,), which moves with the person and not with their arms."""
    return pose.image_V3[_TORSO, :2].mean(0)


def distinct(poses: Sequence[Pose]) -> list[Pose]:
    """Return the poses without those that the landmarker gave twice for one body."""
    kept: list[Pose] = []
    for pose in poses:
        if all(_apart(pose, other) > _SAME_BODY for other in kept):
            kept.append(pose)
    return kept


def _apart(a: Pose, b: Pose) -> float:
    """Return the mean distance of their landmarks, in sides of a square of the same area as a body's box."""
    gap = np.linalg.norm(a.image_V3[:, :2] - b.image_V3[:, :2], axis=1).mean()
    return float(gap) / math.sqrt(max(a.area, 1e-9))
