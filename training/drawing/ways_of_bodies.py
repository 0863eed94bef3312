"""Ways of walking and running on the spot, squatting, sitting down and standing up, as in front of a desk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from training.drawing.body import REST
from training.drawing.gestures import Place, about, both
from training.drawing.motions import Keyframes, Motion, Pose
from training.drawing.way import Rng, Way, ways

_HANGING: Place = (0.13, -0.96, 0.06)  # as body.REST
_FRONT: Place = (-0.05, -0.05, 0.95)
_CHEST: Place = (-0.3, -0.2, 0.42)
_HIPS: Place = (0.0, -0.72, 0.05)
_HEAD: Place = (-0.1, 0.5, -0.05)
_LAP: Place = (-0.05, -0.6, 0.5)


def _on_the_spot(
    rng: Rng,
    lift: tuple[float, float],
    swing: tuple[float, float],
    elbow: tuple[float, float],
    seconds: tuple[float, float],
    heel: float = 0.0,
    quiet: Place | None = None,
) -> Motion:
    """Lift the feet in turn, the arms against them.

    Args:
        rng: everything random.
        lift: least and most metres of a foot.
        swing: of a hand, arm lengths.
        elbow: how far the hands are above hanging arms, arm lengths.
        seconds: of two steps.
        heel: metres that the lifted foot goes back, as heels do that are flung up.
        quiet: where both hands stay; None lets them swing.
    """
    up, far, bent, bounce = rng.uniform(*lift), rng.uniform(*swing), rng.uniform(*elbow), rng.uniform(0.0, 0.04)
    lean = rng.uniform(0.0, 0.12)
    keys: Keyframes = []
    for k, (foot, other) in enumerate((("left", "right"), ("right", "left"))):
        ahead = -heel if heel else 0.05 + 0.35 * up
        pose: Pose = {f"{foot}_foot": (0, up, ahead), "pelvis": (0, bounce, 0), "lean": (lean, 0)}
        pose |= {f"{other}_hand": (0.12, -0.93 + bent, 0.4 * bent + far)}
        pose |= {f"{foot}_hand": (0.12, -0.95 + 0.8 * bent, 0.4 * bent - far)}
        between: Pose = {f"{s}_hand": (0.14, -0.96 + 0.9 * bent, 0.45 * bent) for s in ("left", "right")}
        keys += [(k / 2, pose), (k / 2 + 0.25, between | {"lean": (lean, 0)})]
    if quiet is not None:
        keys = [(moment, pose | both({"right_hand": quiet})) for moment, pose in keys]
    return rng.uniform(*seconds), True, keys


def _squat(
    rng: Rng, hands: Place, deep: tuple[float, float] = (0.28, 0.5), wide: float = 0.05, low: bool = True
) -> Motion:
    """Squat with the hands as told; they are there at the bottom alone, or (low=False) all the time."""
    down, lean = rng.uniform(*deep), rng.uniform(0.15, 0.65)
    arms, feet = both({"right_hand": about(rng, hands, 0.03)}), both({"right_foot": (wide * rng.uniform(0.5, 2), 0, 0)})
    stand = feet | (both({"right_hand": _HANGING}) if low else arms)
    squat: Pose = {"pelvis": (0, -down, -0.2), "lean": (lean, 0), "head": (-lean / 2, 0)} | feet | arms
    stay, rest = rng.uniform(0.05, 0.25), rng.uniform(0.02, 0.2)
    middle = 0.5 * (1 + rest)
    keys: Keyframes = [(0, stand), (rest, stand), (middle - stay / 2, squat), (middle + stay / 2, squat)]
    return rng.uniform(1.3, 3.2), True, keys


def _sit_down(rng: Rng, hands: Place, seconds: tuple[float, float], after: Place) -> Motion:
    """Stand a moment, sit down on a chair, and stay there. `hands` is where they are on the way."""
    drop, back = rng.uniform(0.36, 0.46), 0.4
    seat: Pose = {"pelvis": (0, -drop, -back), "lean": (rng.uniform(-0.05, 0.2), 0)}
    seat |= both({"right_hand": about(rng, after, 0.04)})
    half: Pose = {"pelvis": (0, -0.5 * drop, -0.7 * back), "lean": (rng.uniform(0.35, 0.75), 0)}
    half |= both({"right_hand": about(rng, hands, 0.04)})
    stand: Pose = {"pelvis": REST["pelvis"], "lean": REST["lean"]} | both({"right_hand": _HANGING})
    wait, move, stay = rng.uniform(0.1, 0.9), rng.uniform(*seconds), rng.uniform(0.4, 1.5)
    end = wait + move + stay
    keys = [(0.0, stand), (wait, stand), (wait + 0.5 * move, half), (wait + move, seat), (end, seat)]
    return end, False, [(t / end, pose) for t, pose in keys]


def _stand_up(rng: Rng, hands: Place, seconds: tuple[float, float], after: Place) -> Motion:
    end, cyclic, keys = _sit_down(rng, hands, seconds, after)
    return end, cyclic, [(1.0 - t, pose) for t, pose in reversed(keys)]


_CHAIRS: dict[str, tuple[Place, tuple[float, float], Place]] = {
    "hands_on_knees": ((0.02, -0.72, 0.42), (1.1, 2.2), _LAP),
    "hands_on_arm_rests": ((0.22, -0.8, 0.15), (1.1, 2.2), (0.2, -0.62, 0.3)),
    "hands_on_the_table": ((0.0, -0.55, 0.65), (1.1, 2.2), (-0.1, -0.46, 0.6)),
    "arms_free": ((0.05, -0.65, 0.6), (0.9, 1.8), _LAP),
    "slowly": ((0.1, -0.8, 0.35), (2.2, 3.4), _LAP),
}


def _at_a_chair(what: str, motion: Callable[..., Motion]) -> tuple[Way, ...]:
    told = _CHAIRS.items()
    scores = {name: partial(motion, hands=hands, seconds=s, after=after) for name, (hands, s, after) in told}
    return ways(0.0, **{f"{what}_{name}": score for name, score in scores.items()})


SIT_DOWN, STAND_UP = _at_a_chair("sit_down", _sit_down), _at_a_chair("stand_up", _stand_up)
WALK = ways(
    0.0,
    walk_on_the_spot=partial(_on_the_spot, lift=(0.1, 0.22), swing=(0.12, 0.3), elbow=(0, 0.15), seconds=(0.9, 1.4)),
    walk_small=partial(_on_the_spot, lift=(0.04, 0.1), swing=(0.02, 0.12), elbow=(0, 0.1), seconds=(0.8, 1.4)),
    walk_large=partial(_on_the_spot, lift=(0.22, 0.38), swing=(0.3, 0.5), elbow=(0.05, 0.3), seconds=(1.0, 1.6)),
    walk_arms_still=partial(
        _on_the_spot, lift=(0.08, 0.22), swing=(0, 0), elbow=(0, 0), seconds=(0.9, 1.4), quiet=_HANGING
    ),
)
RUN = ways(
    0.0,
    run_on_the_spot=partial(_on_the_spot, lift=(0.2, 0.35), swing=(0.15, 0.35), elbow=(0.4, 0.6), seconds=(0.55, 0.8)),
    run_small=partial(_on_the_spot, lift=(0.08, 0.18), swing=(0.08, 0.2), elbow=(0.4, 0.6), seconds=(0.45, 0.7)),
    run_knees_high=partial(_on_the_spot, lift=(0.38, 0.55), swing=(0.2, 0.4), elbow=(0.4, 0.65), seconds=(0.55, 0.85)),
    run_heels_up=partial(
        _on_the_spot, lift=(0.25, 0.4), swing=(0.05, 0.25), elbow=(0.35, 0.6), seconds=(0.55, 0.8), heel=0.3
    ),
    run_hands_at_chest=partial(
        _on_the_spot, lift=(0.15, 0.35), swing=(0, 0), elbow=(0, 0), seconds=(0.5, 0.8), quiet=(-0.15, -0.25, 0.4)
    ),
)
SQUAT = ways(
    0.0,
    squat_arms_forward=partial(_squat, hands=_FRONT),
    squat_hands_at_chest=partial(_squat, hands=_CHEST, low=False),
    squat_hands_on_hips=partial(_squat, hands=_HIPS, low=False),
    squat_hands_at_head=partial(_squat, hands=_HEAD, low=False),
    squat_half=partial(_squat, hands=_FRONT, deep=(0.14, 0.26), low=False),
    squat_wide=partial(_squat, hands=_CHEST, wide=0.15),
)
