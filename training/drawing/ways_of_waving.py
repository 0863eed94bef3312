"""Ways of waving: with one hand or two, beside the face, at the shoulder, below it or overhead.

The wrist, the elbow or the shoulder swings the hand. Each way is a function of a random generator that returns
(seconds, cyclic, keyframes) as in training.drawing.motions; what the keyframes leave out is as the person rests.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from training.drawing.gestures import UPPER_ARM, amplitude, arm, both, bouts, rate
from training.drawing.motions import Motion, Pose
from training.drawing.way import Rng, ways

# How high the elbow points from the shoulder, -1 to 1, for a hand at the place of that name.
BESIDE, SHOULDER, BELOW, HIGH = (-0.6, 0.0), (-0.95, -0.75), (-0.99, -0.9), (-0.1, 0.5)


def _wave(
    rng: Rng,
    elbow_up: tuple[float, float],
    forward: tuple[float, float] = (0.2, 0.7),
    hands: int = 1,
    cross: float = 0.0,
) -> Motion:
    """Swing the forearm about the elbow, whose height is as told; with `cross` the hand is before the face."""
    up, ahead = rng.uniform(*elbow_up), rng.uniform(*forward)
    out = max(0.12, 1 - up * up - ahead * ahead) ** 0.5 - cross
    angle = float(np.arcsin(min(0.95, amplitude(rng) / (2 * (1 - UPPER_ARM)))))
    lean, tilt, flap = rng.normal(-0.9 * cross, 0.2), rng.uniform(0.0, 0.7), rng.uniform(0, 0.5)
    turn = lambda x: lean + angle * x  # noqa: E731
    pose = lambda x: arm(  # noqa: E731
        (out, up, ahead), (np.sin(turn(x)), np.cos(turn(x)), tilt), (flap * x, 0.0, 0.0)
    )
    return bouts(rng, rate(rng), (lambda x: both(pose(x))) if hands == 2 else pose)


def _wave_from_wrist(rng: Rng, elbow_up: tuple[float, float], nodding: bool = False) -> Motion:
    up, ahead, tilt = rng.uniform(*elbow_up), rng.uniform(0.15, 0.65), rng.uniform(0.1, 0.6)
    out, bend, sway = max(0.1, 1 - up * up - ahead * ahead) ** 0.5, rng.uniform(0.4, 1.1), rng.uniform(0.05, 0.16)
    if nodding:  # fingers to and from the camera, as children say goodbye
        return bouts(rng, rate(rng, 1.6), lambda x: arm((out, up, ahead), (0.1, 1, tilt), (0, 0, 0.2 + 0.8 * bend * x)))
    return bouts(rng, rate(rng, 1.4), lambda x: arm((out, up, ahead), (0.1 + sway * x, 1, tilt), (bend * x, 0, 0)))


def _wave_from_shoulder(rng: Rng, middle: tuple[float, float], straight: tuple[float, float], hands: int = 1) -> Motion:
    """Swing the whole arm about the shoulder, `middle` radians outward from straight up."""
    length, centre, ahead = rng.uniform(*straight), rng.uniform(*middle), rng.uniform(0.05, 0.4)
    angle = min(0.6, amplitude(rng, 1.4) / (2 * length))
    turn = lambda x: centre + angle * x  # noqa: E731
    pose: Callable[[float], Pose] = lambda x: {  # noqa: E731
        "right_hand": (length * float(np.sin(turn(x))), length * float(np.cos(turn(x))), ahead)
    }
    return bouts(rng, rate(rng), (lambda x: both(pose(x))) if hands == 2 else pose)


WAVE = ways(
    0.6,
    wave_beside_face=partial(_wave, elbow_up=BESIDE),
    wave_beside_face_from_wrist=partial(_wave_from_wrist, elbow_up=BESIDE),
    wave_at_shoulder=partial(_wave, elbow_up=SHOULDER),
    wave_before_face=partial(_wave, elbow_up=BESIDE, forward=(0.4, 0.7), cross=0.3),
    wave_below_shoulder=partial(_wave, elbow_up=BELOW, forward=(0.0, 0.25)),
    wave_beside_face_from_shoulder=partial(_wave_from_shoulder, middle=(0.4, 0.9), straight=(0.55, 0.75)),
    wave_two_hands=partial(_wave, elbow_up=BESIDE, hands=2),
    wave_below_shoulder_from_wrist=partial(_wave_from_wrist, elbow_up=SHOULDER),
    wave_beside_face_high=partial(_wave, elbow_up=HIGH),
    wave_nodding_fingers=partial(_wave_from_wrist, elbow_up=(-0.95, -0.3), nodding=True),
    wave_overhead=partial(_wave_from_shoulder, middle=(0.0, 0.4), straight=(0.8, 0.97)),
    wave_two_hands_overhead=partial(_wave_from_shoulder, middle=(0.1, 0.5), straight=(0.7, 0.95), hands=2),
)
