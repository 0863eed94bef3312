"""Ways of doing something that no label names ("other")."""

from __future__ import annotations

from functools import partial

import numpy as np

from training.drawing.gestures import (
    MIDDLE,
    Place,
    about,
    arm,
    both,
    bouts,
    rate,
    reach,
    visits,
    wandering,
    wandering_hands,
)  # fmt: skip
from training.drawing.motions import Motion, Pose
from training.drawing.way import Rng, ways
from training.drawing.ways_of_stillness import FOLDED, HIPS, TABLE


def _come_here(rng: Rng) -> Motion:
    out, ahead = rng.uniform(-0.1, 0.5), rng.uniform(0.2, 0.6)
    upper = (out, -0.7, ahead)
    return bouts(
        rng, rate(rng, 1.1), lambda x: arm(upper, (0.0, 0.75 + 0.35 * x, 0.75 - 0.5 * x), (0, 0.2 * x, -0.4 * x))
    )


def _held(rng: Rng, pose: Pose, spread: float = 0.06, elbow: Place | None = None) -> Motion:
    moved = wandering(rng, pose, spread)
    return reach(rng, moved if elbow is None else moved | {"right_elbow": elbow}, hold=(1.0, 3.0))


def _shrug(rng: Rng) -> Motion:
    up: Pose = {"shrug": (rng.uniform(0.03, 0.07),), "head": (0.0, rng.normal(0, 0.15))}
    if rng.random() < 0.7:  # with the palms out
        up |= both({"right_hand": about(rng, (0.3, -0.4, 0.4), 0.08)})
    return visits(rng, [up, {}], (0.2, 0.5), (0.2, 0.9))


def _air(rng: Rng) -> Motion:
    """Draw a shape in the air: round and round, a cross, a zigzag, or a line to and fro."""
    middle = np.array(about(rng, (0.05, 0.05, 0.65), 0.12))
    size, second = rng.uniform(0.12, 0.35), rng.uniform(0.6, 1.6)
    round_ = [(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 8, endpoint=False)]
    shapes = [round_, [(-1, 1), (1, -1), (1, 1), (-1, -1)], [(-1, 1), (1, 1), (-1, -1), (1, -1)], [(0, 1), (0, -1)]]
    points = shapes[rng.integers(4)]
    if rng.random() < 0.5:
        points = points[::-1]
    stops: list[Pose] = [{"right_hand": (middle[0] + size * x, middle[1] + size * y, middle[2])} for x, y in points]
    return visits(rng, stops, (0.8 * second / len(points), 1.2 * second / len(points)), (0.0, 0.05))


def _rub(rng: Rng, place: Place, spread: Place, hz: float, hands: int = 1, elbow: Place = (0.8, -0.5, 0.2)) -> Motion:
    """Rub, scratch or adjust something at a place, in short bouts."""
    spot, way = np.array(about(rng, place, 0.03)), np.array(spread) * rng.uniform(0.5, 1.2)

    def at(x: float) -> Pose:
        out, up, forward = (float(v) for v in spot + way * x)
        pose: Pose = {"right_hand": (out, up, forward), "right_elbow": elbow}
        return both(pose) if hands == 2 else pose

    seconds, _, keys = bouts(rng, rate(rng, hz, 0.8, 4.0), at, pause=0.5)
    if rng.random() < 0.5:
        return seconds, True, keys
    away = rng.uniform(0.8, 2.0)  # the hand comes, and goes again
    keys = [(t * seconds / (seconds + away), pose) for t, pose in keys]
    return seconds + away, True, [*keys, ((seconds + 0.5 * away) / (seconds + away), {})]


def _eat(rng: Rng) -> Motion:
    stops: list[Pose] = []
    for _ in range(int(rng.integers(1, 4))):
        bite = about(rng, (-0.27, 0.14, 0.3), 0.03)
        stops += [{"right_hand": about(rng, (-0.15, -0.45, 0.55), 0.06)}, {"right_hand": bite, "head": (0.12, 0.0)}]
    return visits(rng, stops, (0.4, 0.9), (0.05, 0.5))


def _lean(rng: Rng, forward: float, aside: float) -> Motion:
    stops: list[Pose] = [
        {"lean": (forward * rng.uniform(0.6, 1.2), aside * rng.uniform(0.6, 1.2) * sign)} for sign in (1, -1)
    ]
    return visits(rng, [stops[0], {}, stops[1], {}], (0.6, 1.4), (0.1, 0.8))


def _half_clap(rng: Rng) -> Motion:
    """Bring the hands together and keep them: clasped, rubbed, or held apart again."""
    near = both({"right_hand": about(rng, (MIDDLE + 0.05, -0.3, 0.45), 0.04)})
    apart = both({"right_hand": about(rng, (0.0, -0.35, 0.45), 0.08)})
    stops = [wandering(rng, near, 0.04) for _ in range(int(rng.integers(1, 5)))]
    return visits(rng, [*stops, apart], (0.3, 1.0), (0.2, 1.2))


def _turn_aside(rng: Rng) -> Motion:
    far = rng.uniform(0.5, 1.1)
    return visits(rng, [{"turn": (far,)}, {"turn": (0.0,)}], (0.6, 1.4), (0.3, 1.2))


def _start_and_stop(rng: Rng) -> Motion:
    """Lift a hand a little way, as to begin something, and let it sink at once."""
    stops: list[Pose] = [{"right_hand": about(rng, (0.05, -0.35, 0.45), 0.12)}, {}]
    return visits(rng, stops, (0.25, 0.6), (0.0, 0.3))


OTHER_WAYS = ways(
    0.6,
    come_here=_come_here,
    stop_palm=partial(_held, pose={"right_hand": (0.0, 0.05, 0.82), "right_wrist": (0.0, 1.2, 0.0)}),
    thumb_up=partial(_held, pose={"right_hand": (-0.05, -0.22, 0.55), "right_wrist": (-0.6, 0.2, 0.0)}),
    salute=partial(_held, pose={"right_hand": (0.0, 0.47, 0.15)}, spread=0.03, elbow=(1.0, 0.1, 0.1)),
    hands_on_hips=partial(_held, pose=HIPS, spread=0.03),
    folded_arms=partial(_held, pose=FOLDED, spread=0.03),
    shrug=_shrug,
    drawing_in_the_air=_air,
    signing=partial(wandering_hands, about_3=(-0.15, -0.15, 0.5), spread=(0.16, 0.2, 0.1), per_second=2.0,
                    sides=("left", "right")),
    signing_one_hand=partial(wandering_hands, about_3=(-0.1, 0.0, 0.45), spread=(0.16, 0.25, 0.1), per_second=1.8),
    talking_with_hands=partial(wandering_hands, about_3=(0.0, -0.38, 0.5), spread=(0.14, 0.1, 0.08), per_second=1.5,
                               sides=("left", "right")),
    scratching_head=partial(_rub, place=(-0.16, 0.58, 0.05), spread=(0.06, 0.04, 0.0), hz=2.5),
    scratching_neck=partial(_rub, place=(-0.1, 0.28, -0.05), spread=(0.02, 0.06, 0.0), hz=2.2),
    rubbing_face=partial(_rub, place=(-0.28, 0.32, 0.25), spread=(0.05, 0.08, 0.0), hz=1.5, hands=2),
    adjusting_glasses=partial(_rub, place=(-0.16, 0.4, 0.26), spread=(0.02, 0.05, 0.02), hz=1.2),
    adjusting_hair=partial(_rub, place=(-0.2, 0.6, 0.12), spread=(0.16, 0.06, -0.14), hz=1.0, elbow=(1.0, 0.2, 0.2)),
    stretching_up=partial(_held, pose=both({"right_hand": (-0.1, 0.92, -0.05)}) | {"lean": (-0.12, 0.0)}),
    stretching_wide=partial(_held, pose=both({"right_hand": (0.9, 0.15, -0.1)}) | {"lean": (-0.1, 0.0)}),
    hands_behind_head=partial(_held, pose=both({"right_hand": (-0.15, 0.48, -0.1), "right_elbow": (1.0, 0.2, 0.1)}),
                              spread=0.03),
    eating=_eat,
    typing_large=partial(wandering_hands, about_3=TABLE, spread=(0.12, 0.06, 0.08), per_second=3.0,
                         sides=("left", "right")),
    reaching_on_the_table=partial(wandering_hands, about_3=(0.15, -0.4, 0.65), spread=(0.3, 0.08, 0.15),
                                  per_second=0.8),
    leaning_forward=partial(_lean, forward=0.4, aside=0.05),
    leaning_aside=partial(_lean, forward=0.05, aside=0.3),
    half_clap=_half_clap,
    looking_at_the_watch=partial(_held, pose={"right_hand": (-0.4, -0.2, 0.4), "head": (0.3, 0.1)}, elbow=(1, -0.3, 0)),
    turning_aside=_turn_aside,
    starting_and_stopping=_start_and_stop,
    hand_on_heart=partial(_held, pose={"right_hand": (-0.45, -0.3, 0.22)}, spread=0.03),
    hand_over_mouth=partial(_held, pose={"right_hand": (-0.3, 0.18, 0.2), "head": (0.15, 0.0)}, spread=0.03),
)  # fmt: skip
