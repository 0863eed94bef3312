"""Ways of clapping, raising a hand, pointing, drinking, phoning, punching and throwing.

Each is a function of a random generator that returns (seconds, cyclic, keyframes) as in training.drawing.motions; what
the keyframes leave out is as the person rests.
"""

from __future__ import annotations

from functools import partial

from training.drawing.gestures import (
    CHEST,
    EAR,
    MIDDLE,
    MOUTH,
    WIDTH,
    Place,
    about,
    arm,
    both,
    bouts,
    rate,
    reach,
    visits,
)  # fmt: skip
from training.drawing.motions import Motion, Pose
from training.drawing.way import Rng, ways


def _clap(rng: Rng, up: tuple[float, float], ahead: tuple[float, float], wide: tuple[float, float]) -> Motion:
    """Clap at a height and depth from the shoulders, the hands `wide` shoulder widths apart in between."""
    high, far, gap = rng.uniform(*up), rng.uniform(*ahead), 0.5 * rng.uniform(*wide) * WIDTH
    touch, drop = MIDDLE + rng.uniform(0.04, 0.09), rng.uniform(-0.06, 0.06)
    elbow, fingers = (rng.uniform(0.2, 0.9), -0.9, 0.0), (0.45, rng.uniform(0.2, 0.8), rng.uniform(0.2, 0.6))

    def at(x: float) -> Pose:
        away = 0.5 * gap * (1 - x)
        place = (touch + away, high + drop * x, far - 0.5 * away)
        return both({"right_hand": place, "right_elbow": elbow, "right_wrist": fingers})

    return bouts(rng, rate(rng, 1.9, 0.8, 4.0), at, pause=0.25)


def _raised(rng: Rng, elbow_up: tuple[float, float], ahead: tuple[float, float], hands: int = 1) -> Motion:
    """Hold a hand up over a bent elbow."""
    up, far = rng.uniform(*elbow_up), rng.uniform(*ahead)
    out = max(0.05, 1 - up * up - far * far) ** 0.5
    pose = arm((out, up, far), (rng.normal(0, 0.15), 1.0, rng.uniform(0.0, 0.3)))
    return reach(rng, both(pose) if hands == 2 else pose)


def _raised_straight(rng: Rng, hands: int = 1) -> Motion:
    pose: Pose = {"right_hand": (rng.uniform(-0.1, 0.3), rng.uniform(0.78, 1.0), rng.uniform(0.0, 0.35))}
    return reach(rng, both(pose) if hands == 2 else pose)


def _point(rng: Rng, place: Place, spread: float = 0.1) -> Motion:
    return reach(rng, {"right_hand": about(rng, place, spread), "turn": (rng.normal(0, 0.08),)}, rise=(0.3, 0.9))


def _point_again(rng: Rng) -> Motion:
    far = about(rng, (rng.uniform(-0.2, 0.7), rng.uniform(-0.05, 0.3), 0.75), 0.05)
    near = tuple(0.75 * v for v in far)
    return visits(rng, [{"right_hand": far}, {"right_hand": near}], (0.15, 0.4), (0.1, 0.6))


def _drink(
    rng: Rng, sips: tuple[float, float] = (0.7, 2.0), rest: tuple[float, float] = (0.3, 1.5), lean: float = 0.0,
    at_chest: bool = False,
) -> Motion:  # fmt: skip
    nod = -rng.uniform(0.02, 0.3)
    sip: Pose = {"right_hand": about(rng, MOUTH, 0.03), "head": (nod, 0.0)}
    sip["right_elbow"] = (rng.uniform(0.2, 1.0), rng.uniform(-1.0, -0.1), 0.1)
    if lean:
        sip["lean"] = (lean + rng.normal(0, 0.05), rng.normal(0, 0.05))
    low: Pose = {"right_hand": about(rng, CHEST if at_chest else (-0.1, -0.48, 0.6), 0.06)}
    seconds, _, keys = visits(rng, [sip, low], (0.5, 1.1), sips)
    stay = rng.uniform(*rest)  # the cup is down for longer or shorter than it is up
    keys = [(t * seconds / (seconds + stay), pose) for t, pose in keys]
    return seconds + stay, True, [*keys, (seconds / (seconds + stay), low)]


def _phone(rng: Rng, elbow: Place = (0.45, -0.9, 0.3), tilt: float = 0.0, gesture: bool = False) -> Motion:
    ear = about(rng, EAR, 0.03)
    pose: Pose = {"right_hand": ear, "right_elbow": about(rng, elbow, 0.1), "head": (rng.normal(0.02, 0.08), -tilt)}
    pose["right_wrist"] = (0.2, rng.uniform(0.4, 1.0), 0.1)
    if gesture:
        return visits(
            rng, [pose | {"left_hand": about(rng, (-0.05, -0.35, 0.5), 0.12)} for _ in range(5)], (0.4, 0.9), (0.1, 0.6)
        )
    return reach(rng, pose, rise=(0.6, 1.2), hold=(2.5, 6.0))


def _punch(
    rng: Rng, guard: bool, target: Place = (-0.25, 0.02, 0.95), sides: int = 2, elbow: Place | None = None
) -> Motion:
    """Punch from a guard or from where the hands rest, with one hand or both in turn."""
    up = rng.uniform(0.0, 0.35) if rng.random() < 0.5 else 0.02  # fists before the chin, or before the forehead
    home: Pose = both({"right_hand": about(rng, (-0.08, up, 0.38) if guard else (0.0, -0.4, 0.35), 0.05)})
    home |= both({"right_elbow": (rng.uniform(0.1, 0.7), -0.9, 0.0)})
    quick, rest = rng.uniform(0.14, 0.3), rng.uniform(0.05, 0.7)
    now, keys = 0.0, [(0.0, home)]
    for k in range(int(rng.integers(3, 7))):
        side, sign = ("left", -1.0) if sides == 2 and k % 2 == 0 else ("right", 1.0)
        hit: Pose = home | {f"{side}_hand": about(rng, target, 0.04), "turn": (sign * rng.uniform(0.05, 0.4),)}
        if elbow is not None:
            hit[f"{side}_elbow"] = elbow
        now += rest * rng.uniform(0.3, 1.0)
        keys += [(now, home), (now + quick, hit), (now + 2.2 * quick, home)]
        now += 2.2 * quick
    now += rest + 0.05
    return now, True, [(t / now, pose) for t, pose in keys]


def _throw(rng: Rng, back: Place, out: Place, hands: int = 1) -> Motion:
    low: Pose = {"right_hand": about(rng, (-0.15, -0.4, 0.5), 0.08)}
    behind: Pose = {"right_hand": about(rng, back, 0.08), "turn": (-rng.uniform(0, 0.4) * (hands == 1),)}
    away: Pose = {"right_hand": about(rng, out, 0.06), "turn": (rng.uniform(0, 0.3) * (hands == 1),)}
    stops = [both(pose) if hands == 2 else pose for pose in (low, behind, away)]
    return visits(rng, stops, (0.2, 0.55), (0.02, 0.35))


CLAP = ways(
    0.6,
    clap_at_chest=partial(_clap, up=(-0.4, -0.1), ahead=(0.4, 0.7), wide=(0.4, 1.0)),
    clap_small=partial(_clap, up=(-0.45, -0.1), ahead=(0.35, 0.6), wide=(0.12, 0.4)),
    clap_wide=partial(_clap, up=(-0.3, 0.1), ahead=(0.45, 0.7), wide=(1.0, 2.0)),
    clap_before_face=partial(_clap, up=(0.0, 0.3), ahead=(0.4, 0.65), wide=(0.2, 0.9)),
    clap_overhead=partial(_clap, up=(0.65, 0.85), ahead=(0.05, 0.3), wide=(0.4, 1.4)),
    clap_low=partial(_clap, up=(-0.65, -0.45), ahead=(0.35, 0.55), wide=(0.2, 0.8)),
)
RAISE_HAND = ways(
    0.6,
    raise_hand_full=_raised_straight,
    raise_hand_half=partial(_raised, elbow_up=(-0.5, 0.1), ahead=(0.1, 0.5)),
    raise_hand_to_head=partial(_raised, elbow_up=(-0.8, -0.4), ahead=(0.1, 0.5)),
    raise_hand_just_above_shoulder=partial(_raised, elbow_up=(-0.97, -0.85), ahead=(0.05, 0.2)),
    raise_hand_elbow_on_table=partial(_raised, elbow_up=(-0.8, -0.65), ahead=(0.55, 0.7)),
    raise_hand_high_bent=partial(_raised, elbow_up=(0.1, 0.6), ahead=(0.1, 0.3)),
    raise_both_hands=partial(_raised_straight, hands=2),
    raise_both_hands_bent=partial(_raised, elbow_up=(-0.6, 0.1), ahead=(0.1, 0.4), hands=2),
)
POINT = ways(
    0.6,
    point_sideways=partial(_point, place=(0.93, 0.0, 0.15)),
    point_sideways_up=partial(_point, place=(0.75, 0.5, 0.15)),
    point_forward=partial(_point, place=(-0.1, 0.02, 0.92)),
    point_forward_bent=partial(_point, place=(-0.1, -0.1, 0.68)),
    point_up=partial(_point, place=(0.12, 0.72, 0.35)),
    point_at_oneself=partial(_point, place=(-0.22, -0.3, 0.25), spread=0.04),
    point_across=partial(_point, place=(-0.72, 0.05, 0.55)),
    point_down=partial(_point, place=(0.3, -0.6, 0.55)),
    point_again=_point_again,
    point_sideways_bent=partial(_point, place=(0.65, -0.02, 0.25)),
)
DRINK = ways(
    0.75,
    drink=_drink,
    drink_long=partial(_drink, sips=(2.0, 4.0)),
    drink_short=partial(_drink, sips=(0.4, 0.9), rest=(0.8, 2.0)),
    drink_leaning_forward=partial(_drink, lean=0.3),
    drink_leaning_back=partial(_drink, lean=-0.25),
    drink_from_chest=partial(_drink, at_chest=True),
)
PHONE = ways(
    0.6,
    phone=_phone,
    phone_elbow_out=partial(_phone, elbow=(1.0, -0.5, 0.1)),
    phone_elbow_on_table=partial(_phone, elbow=(0.2, -0.7, 0.8)),
    phone_head_leaning=partial(_phone, tilt=0.3),
    phone_with_gestures=partial(_phone, gesture=True),
)
PUNCH = ways(
    0.25,
    punch_from_guard=partial(_punch, guard=True),
    punch_one_hand_from_guard=partial(_punch, guard=True, sides=1),
    punch_without_guard=partial(_punch, guard=False),
    punch_one_hand_without_guard=partial(_punch, guard=False, sides=1),
    punch_hooks=partial(_punch, guard=True, target=(-0.45, 0.05, 0.55), elbow=(1.0, 0.0, 0.1)),
    punch_uppercuts=partial(_punch, guard=True, target=(-0.2, 0.25, 0.55), elbow=(0.1, -1.0, 0.2)),
    punch_high=partial(_punch, guard=True, target=(-0.2, 0.35, 0.88)),
)
THROW = ways(
    0.4,
    throw_overhand=partial(_throw, back=(0.35, 0.4, -0.25), out=(-0.1, 0.2, 0.93)),
    throw_underhand=partial(_throw, back=(0.15, -0.85, -0.2), out=(-0.1, 0.05, 0.9)),
    throw_from_the_chest=partial(_throw, back=CHEST, out=(-0.25, 0.05, 0.93), hands=2),
    throw_from_overhead=partial(_throw, back=(-0.2, 0.75, -0.1), out=(-0.25, 0.3, 0.88), hands=2),
)
