"""Ways of sitting or standing still ("idle"): the fastest five joints stay below half a metre a second."""

from __future__ import annotations

from functools import partial

from training.drawing.gestures import CHEST, Place, about, both, bouts, rate, visits, wandering
from training.drawing.motions import Motion, Pose
from training.drawing.way import Rng, ways

TABLE: Place = (-0.15, -0.46, 0.6)
FOLDED: Pose = {
    "left_hand": (-0.55, -0.42, 0.32), "right_hand": (-0.52, -0.36, 0.4),
    "left_elbow": (0.6, -0.9, 0.2), "right_elbow": (0.6, -0.9, 0.2),
}  # fmt: skip
HIPS: Pose = both({"right_hand": (0.0, -0.7, 0.05), "right_elbow": (1.0, -0.1, -0.4)})


def _still(
    rng: Rng, pose: Pose | None = None, hands: float = 0.012, head: float = 0.045, seconds: float = 0.8
) -> Motion:
    """Keep a pose as people keep it: the hands and the head wander slowly."""
    nod, tilt = rng.normal(0, 0.06, 2)
    lively = rng.uniform(0.4, 2.5)
    stops: list[Pose] = []
    for _ in range(6):
        now: Pose = {"head": (nod + rng.normal(0, lively * head), tilt + rng.normal(0, lively * head))}
        stops.append(now | wandering(rng, pose or {}, lively * hands))
    return visits(rng, stops, (seconds, 1.6 * seconds), (0.0, seconds))


def _desk(rng: Rng, left: Place, right: Place, **how: float) -> Motion:
    return _still(rng, {"left_hand": about(rng, left, 0.04), "right_hand": about(rng, right, 0.04)}, **how)


def _nodding(rng: Rng, aside: bool = False) -> Motion:
    """Nod, or tilt the head to and fro, the hands still."""
    far = rng.uniform(0.05, 0.2)
    return bouts(
        rng, rate(rng, 0.8, 0.3, 1.2), lambda x: {"head": (0.0, far * x) if aside else (0.06 + far * x, 0.0)}, 0.7
    )


def _swaying(rng: Rng) -> Motion:
    far = rng.uniform(0.02, 0.08)
    return bouts(rng, rate(rng, 0.3, 0.15, 0.45), lambda x: {"lean": (0.06, far * x), "head": (0.0, -far * x)}, 0.3)


def _looking_about(rng: Rng) -> Motion:
    stops: list[Pose] = [{"turn": (rng.normal(0, 0.12),), "head": tuple(rng.normal(0, 0.06, 2))} for _ in range(4)]
    return visits(rng, stops, (0.9, 1.6), (0.3, 1.5))


def _breathing(rng: Rng) -> Motion:
    deep = rng.uniform(0.004, 0.012)
    return bouts(rng, rate(rng, 0.27, 0.2, 0.4), lambda x: {"shrug": (deep * x,), "lean": (0.04 - 0.3 * deep * x, 0.0)})


IDLE_WAYS = ways(
    0.8,
    typing=partial(_desk, left=TABLE, right=TABLE, hands=0.012, seconds=0.25),
    using_the_mouse=partial(_desk, left=TABLE, right=(0.12, -0.45, 0.6), hands=0.02, seconds=0.4),
    sitting_still=_still,
    nodding=_nodding,
    tilting_the_head=partial(_nodding, aside=True),
    swaying=_swaying,
    chin_on_hand=lambda rng: _still(rng, {"right_hand": about(rng, (-0.26, 0.08, 0.28), 0.03)}),
    hand_at_cheek=lambda rng: _still(rng, {"right_hand": about(rng, (-0.14, 0.2, 0.2), 0.03)}),
    looking_about=_looking_about,
    breathing=_breathing,
    hands_folded_on_the_table=partial(_desk, left=(-0.3, -0.44, 0.55), right=(-0.3, -0.44, 0.55)),
    writing=partial(_desk, left=(-0.2, -0.46, 0.55), right=(-0.2, -0.46, 0.6), hands=0.015, seconds=0.3),
    arms_kept_folded=lambda rng: _still(rng, FOLDED),
    hands_kept_on_hips=lambda rng: _still(rng, HIPS),
    reading=lambda rng: _still(rng, both({"right_hand": about(rng, CHEST, 0.04)}) | {"lean": (0.1, 0.0)}, head=0.02),
)
