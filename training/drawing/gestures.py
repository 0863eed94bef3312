"""Parts that ways of doing an action are made of: places of a hand, an arm by its two bones, bouts, and reaching.

Places and directions are (outward to the own side, up, forward), places from the own shoulder in arm lengths, as in
training.drawing.body. The active hand is the right one; the left one appears where both move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from training.drawing.motions import Keyframes, Motion, Pose

Place = tuple[float, float, float]
WIDTH = 0.68  # the shoulders' width, in arm lengths
MIDDLE = -0.34  # the body's middle, outward from a shoulder
MOUTH: Place = (-0.26, 0.24, 0.28)  # of the wrist; the hand goes on from there
EAR: Place = (0.0, 0.3, 0.12)
CHEST: Place = (-0.28, -0.25, 0.35)
UPPER_ARM = 0.53  # share of the arm


def about(rng: np.random.Generator, place: Sequence[float], spread: float = 0.05) -> Place:
    """Draw a place about another, arm lengths."""
    out, up, forward = (float(v) for v in np.asarray(place) + rng.normal(0, spread, 3))
    return out, up, forward


def arm(elbow_3: Sequence[float], forearm_3: Sequence[float], wrist_3: Place = (0, 0, 0), side: str = "right") -> Pose:
    """Point an arm's two bones in two directions, of any length, and return hand, elbow and wrist."""
    upper, fore = (np.asarray(v) / np.linalg.norm(v) for v in (elbow_3, forearm_3))
    out, up, forward = (float(v) for v in UPPER_ARM * upper + (1 - UPPER_ARM) * fore)
    elbow = tuple(float(v) for v in upper)
    return {f"{side}_hand": (out, up, forward), f"{side}_elbow": elbow, f"{side}_wrist": wrist_3}


def both(pose: Pose) -> Pose:
    """Let the left arm do what the right one does."""
    return pose | {name.replace("right", "left"): value for name, value in pose.items() if name.startswith("right")}


def amplitude(rng: np.random.Generator, most: float = 1.1) -> float:
    """Draw how far a hand swings from end to end, arm lengths: as real waves do, 0.19 to 1.0 shoulder widths."""
    return float(np.clip(rng.lognormal(np.log(0.49), 0.6), 0.17, most)) * WIDTH


def rate(rng: np.random.Generator, middle: float = 0.95, least: float = 0.3, most: float = 2.5) -> float:
    """Draw how many times a second a hand goes to and fro."""
    return float(np.clip(rng.lognormal(np.log(middle), 0.5), least, most))


def bouts(rng: np.random.Generator, hz: float, at: Callable[[float], Pose], pause: float = 0.4) -> Motion:
    """Swing to and fro in bouts.

    Args:
        rng: everything random.
        hz: swings a second; each takes its own time.
        at: pose at -1 (one end) to 1 (the other end).
        pause: probability of resting half way after a bout.
    """
    now, keys = 0.0, []
    for _ in range(rng.integers(1, 4)):
        for k in range(2 * int(rng.integers(2, 6))):
            keys.append((now, at((1 if k % 2 else -1) * rng.uniform(0.7, 1.0))))
            now += rng.uniform(0.85, 1.15) * 0.5 / hz
        if rng.random() < pause:
            rest = rng.uniform(0.2, 0.9)
            keys += [(now, at(-0.2)), (now + rest, at(-0.1))]
            now += rest + 0.4 / hz
    return now, True, [(t / now, pose) for t, pose in keys]


def visits(
    rng: np.random.Generator, stops: Sequence[Pose], move: tuple[float, float], stay: tuple[float, float]
) -> Motion:
    """Go from one pose to the next and round again, staying at each.

    Args:
        rng: everything random.
        stops: poses; {} is the resting one.
        move: least and most seconds of a way.
        stay: least and most seconds at a pose.
    """
    now, keys = 0.0, []
    for pose in stops:
        rest = rng.uniform(*stay)
        keys += [(now, pose), (now + rest, pose)]
        now += rest + rng.uniform(*move)
    return now, True, [(t / now, pose) for t, pose in keys]


def reach(
    rng: np.random.Generator,
    there: Pose,
    low: Pose | None = None,
    rise: tuple[float, float] = (0.4, 1.1),
    hold: tuple[float, float] = (1.2, 4.0),
) -> Motion:
    """Move into a pose, keep it with a little wandering, and leave it. In four of ten the pose is kept from the start.

    Args:
        rng: everything random.
        there: the pose.
        low: where it starts and ends; None for the resting pose.
        rise: least and most seconds of the way there.
        hold: least and most seconds there.
    """
    low = {} if low is None else low
    up, kept = rng.uniform(*rise), rng.uniform(*hold)
    keys: Keyframes = [] if rng.random() < 0.4 else [(0.0, low), (up, there)]
    start = keys[-1][0] if keys else 0.0
    for share in (0.0, 0.35, 0.7, 1.0) if not keys else (0.35, 0.7, 1.0):
        keys.append((start + share * kept, wandering(rng, there)))
    end = start + kept + rng.uniform(*rise)
    return end, False, [(t / end, pose) for t, pose in [*keys, (end, low)]]


def wandering(rng: np.random.Generator, pose: Pose, spread: float = 0.015) -> Pose:
    """Move the hands of a pose a little, as nobody holds quite still."""
    hands = {name: about(rng, place, spread) for name, place in pose.items() if name.endswith("_hand")}
    return pose | hands


def wandering_hands(
    rng: np.random.Generator, about_3: Place, spread: Place, per_second: float, sides: Sequence[str] = ("right",)
) -> Motion:
    """Let hands go from one random place to another for 8 seconds, with short rests.

    Args:
        rng: everything random.
        about_3: the middle of the places.
        spread: standard deviation of the places.
        per_second: places a second.
        sides: hands that move, each by itself.
    """
    now, keys = 0.0, []
    while now < 8.0:
        pose: Pose = {}
        for side in sides:
            out, up, forward = (float(v) for v in rng.normal(about_3, spread))
            pose[f"{side}_hand"] = (out, up, forward)
        keys.append((now, pose))
        if rng.random() < 0.2:
            now += rng.uniform(0.1, 0.5)
            keys.append((now, pose))
        now += rng.uniform(0.6, 1.6) / per_second
    return now, True, [(t / now, pose) for t, pose in keys]
