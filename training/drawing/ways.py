"""Ways in which people do an action before a camera on their desk, each by a name.

`training.drawing.motions` shows an action as in a gym, one way or two each; here are the small, the seated, the one
with the other hand on the table. Measures are those of real webcam users: where the hand is, how far and how often it
swings. What is no action ("other") and stillness ("idle") have their ways as well.
"""

from __future__ import annotations

import numpy as np

from models.labels import IDLE, OTHER
from training.drawing.body import REST, joints_of
from training.drawing.motions import Keyframes, Pose, pose_at, random_body, random_sway, swap_sides
from training.drawing.way import Way
from training.drawing.ways_of_bodies import RUN, SIT_DOWN, SQUAT, STAND_UP, WALK
from training.drawing.ways_of_hands import CLAP, DRINK, PHONE, POINT, PUNCH, RAISE_HAND, THROW
from training.drawing.ways_of_nothing import OTHER_WAYS
from training.drawing.ways_of_stillness import IDLE_WAYS
from training.drawing.ways_of_waving import WAVE

WAYS: dict[str, tuple[Way, ...]] = {
    "wave": WAVE, "clap": CLAP, "raise_hand": RAISE_HAND, "point": POINT, "drink": DRINK, "phone": PHONE,
    "punch": PUNCH, "throw": THROW, "walk": WALK, "run": RUN, "squat": SQUAT, "sit_down": SIT_DOWN,
    "stand_up": STAND_UP, OTHER: OTHER_WAYS, IDLE: IDLE_WAYS,
}  # fmt: skip
# Where a hand rests of somebody who stands, or sits at a desk: hanging, on the hip, held; in the lap, on the table.
_STANDING = (REST["left_hand"], REST["left_hand"], (0.02, -0.7, 0.05), (-0.22, -0.5, 0.35), (0.1, -0.85, 0.2))
_SEATED = ((-0.05, -0.62, 0.5), (0.05, -0.6, 0.45), (-0.12, -0.46, 0.6), (-0.2, -0.5, 0.55), (0.08, -0.68, 0.3))


def way_named(action: str, name: str) -> Way:
    """Return a way of an action.

    Raises:
        ValueError: there is none of that name.
    """
    for way in WAYS.get(action, ()):
        if way.name == name:
            return way
    raise ValueError(f"{action} has no way {name}; there are {', '.join(way.name for way in WAYS.get(action, ()))}")


def make_way(action: str, seconds: float, fps: float, seed: int, name: str | None = None) -> np.ndarray:
    """Make a clip of one way of doing an action, standing or sitting, with either hand.

    Args:
        action: one of WAYS.
        seconds: of the clip.
        fps: frames a second.
        seed: everything random comes from it, whatever the frame rate.
        name: of the way; None draws one.

    Returns:
        (T, 25, 3) float32 metres, models.skeleton axes, feet near y = 0.

    Raises:
        ValueError: there is no such way.
    """
    rng = np.random.default_rng([seed, 11])
    at_random = int(rng.integers(len(WAYS.get(action, (1,)))))
    way = way_named(action, name) if name is not None else WAYS[action][at_random]
    base = _base(rng, rng.random() < way.seated)
    period, cyclic, keys = way.score(rng)
    keys = [(moment, base | pose) for moment, pose in keys]
    if rng.random() < 0.5:
        keys = [(moment, swap_sides(pose)) for moment, pose in keys]
    offset = rng.random() if cyclic else -rng.uniform(0.0, 0.3) / period
    body = random_body(rng)
    times_T = np.arange(round(seconds * fps)) / fps
    sway_T6 = random_sway(times_T, rng) * rng.uniform(0.3, 1.0)
    return np.stack(
        [joints_of(_swaying(keys, cyclic, t / period + offset, sway_6), body) for t, sway_6 in zip(times_T, sway_T6)]
    )


def _swaying(keys: Keyframes, cyclic: bool, moment: float, sway_6: np.ndarray) -> dict[str, np.ndarray]:
    pose = pose_at(keys, cyclic, moment)
    pose["pelvis"] = pose["pelvis"] + sway_6[:3] * [1, 0.3, 1]
    pose["lean"] = pose["lean"] + sway_6[3:5]
    return pose


def _base(rng: np.random.Generator, seated: bool) -> Pose:
    """Draw the resting pose: what the hands and the trunk do that a way says nothing about."""
    places = _SEATED if seated else _STANDING
    left, right = rng.integers(len(places), size=2) if rng.random() < 0.5 else [rng.integers(len(places))] * 2
    base: Pose = {"left_hand": places[left], "right_hand": places[right], "head": tuple(rng.normal(0, 0.08, 2))}
    if seated:
        base["pelvis"] = (0.0, -float(rng.uniform(0.36, 0.46)), -0.4)
        base["lean"] = (float(rng.normal(0.08, 0.1)), float(rng.normal(0, 0.05)))
    return base
