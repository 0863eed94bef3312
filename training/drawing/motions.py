"""Everyday motions written by hand as keyframes: for actions that recorded sets lack or show oddly, and for tests.

Each motion is a function of a random generator that returns (seconds, cyclic, keyframes), keyframes being
(moment in [0, 1], pose overrides). Between keyframes every number moves smoothly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from models.labels import IDLE
from training.drawing.body import EASE, REST, Body, joints_of

Pose = dict[str, tuple[float, ...]]
Keyframes = list[tuple[float, Pose]]
Motion = tuple[float, bool, Keyframes]
Score = Callable[[np.random.Generator], Motion]  # draws a motion
_ALL = REST | EASE
_DOWN = REST["left_hand"]
BLEND_S = 0.4  # one motion passes into the next


def _hands(both: tuple[float, ...]) -> Pose:
    """Put either hand in the same place."""
    return {"left_hand": both, "right_hand": both}


def _wave(rng: np.random.Generator) -> Motion:
    if rng.random() < 0.5:  # hand beside the head, the forearm swings
        up = rng.uniform(0.05, 0.75)
        a, b = (0.12, up, 0.3), (0.62, up - 0.05, 0.3)
    else:  # the straight arm swings overhead
        a, b = (-0.2, 0.9, 0.1), (0.55, 0.75, 0.1)
    keys: Keyframes = [(0.0, {"right_hand": a}), (0.5, {"right_hand": b})]
    if rng.random() < 0.35:
        keys = [(t, pose | {"left_hand": pose["right_hand"]}) for t, pose in keys]
    return rng.uniform(0.45, 1.1), True, keys


def _raise_hand(rng: np.random.Generator) -> Motion:
    top = (rng.uniform(-0.05, 0.25), rng.uniform(0.8, 1.0), rng.uniform(0.0, 0.3))
    up: Pose = {"right_hand": top}
    if rng.random() < 0.4:
        up["left_hand"] = top
    if rng.random() < 0.4:
        return rng.uniform(1.8, 3.2), True, [(0.0, {}), (0.4, up), (0.6, up)]
    return rng.uniform(2.0, 4.0), False, [(0.0, {}), (0.3, up), (1.0, up)]


def _clap(rng: np.random.Generator) -> Motion:
    up, reach, gap = rng.uniform(-0.45, 0.1), rng.uniform(0.45, 0.7), rng.uniform(0.0, 0.25)
    apart, near = (-0.33, up, reach), (gap, up, reach)
    keys: Keyframes = [(0.0, _hands(apart)), (0.5, _hands(near))]
    return rng.uniform(0.3, 0.8), True, keys


def _jumping_jack(rng: np.random.Generator) -> Motion:
    spread, hop = rng.uniform(0.22, 0.38), rng.uniform(0.03, 0.1)
    top = (rng.uniform(-0.15, 0.2), rng.uniform(0.85, 0.97), 0.05)
    side = (0.9, 0.1, 0.05)
    wide: Pose = {"left_foot": (spread, 0, 0), "right_foot": (spread, 0, 0), "pelvis": (0, -0.05, 0)}
    half: Pose = {"left_foot": (spread / 2, hop, 0), "right_foot": (spread / 2, hop, 0), "pelvis": (0, hop, 0)}
    keys = [(0.0, _hands(_DOWN)), (0.25, half | _hands(side)), (0.5, wide | _hands(top)), (0.75, half | _hands(side))]
    return rng.uniform(0.8, 1.4), True, keys


def _squat(rng: np.random.Generator) -> Motion:
    deep, lean = rng.uniform(0.28, 0.5), rng.uniform(0.3, 0.75)
    front = [(-0.05, -0.05, 0.95), (-0.3, -0.2, 0.45), _DOWN, (0.3, -0.55, 0.05), (0.05, 0.45, 0.1)][rng.integers(5)]
    start = front if rng.random() < 0.5 else _DOWN
    low = {"pelvis": (0, -deep, -0.22), "lean": (lean, 0), "head": (-lean / 2, 0)}
    low |= {"left_hand": front, "right_hand": front}
    wide = rng.uniform(0.0, 0.12)
    feet = {"left_foot": (wide, 0, 0), "right_foot": (wide, 0, 0)}
    stand = feet | {"left_hand": start, "right_hand": start}
    return rng.uniform(1.5, 3.2), True, [(0.0, stand), (0.1, stand), (0.5, feet | low), (0.6, feet | low)]


def _steps(stride: float, lift: float, swing: float, elbow: float, bounce: float, lean: float) -> Keyframes:
    def half(front: str, back: str) -> list[Pose]:
        contact: Pose = {f"{front}_foot": (0, 0, stride), f"{back}_foot": (0, 0.06 + lift * 0.6, -stride)}
        arms: Pose = {f"{back}_hand": (0.15, -0.9 + elbow, swing), f"{front}_hand": (0.15, -0.95 + 0.6 * elbow, -swing)}
        passing: Pose = {f"{back}_foot": (0, lift, 0.05 + lift * 0.2), "pelvis": (0, bounce, 0)}
        mid: Pose = {f"{s}_hand": (0.15, -0.95 + 0.8 * elbow, 0.15 * elbow) for s in ("left", "right")}
        return [contact | arms | {"lean": (lean, 0)}, passing | mid | {"lean": (lean, 0)}]

    poses = half("left", "right") + half("right", "left")
    return [(k / 4, pose) for k, pose in enumerate(poses)]


def _walk(rng: np.random.Generator) -> Motion:
    keys = _steps(rng.uniform(0.12, 0.32), rng.uniform(0.08, 0.2), rng.uniform(0.15, 0.45), 0.08, 0.015, 0.04)
    return rng.uniform(0.95, 1.4), True, keys


def _run(rng: np.random.Generator) -> Motion:
    keys = _steps(rng.uniform(0.12, 0.4), rng.uniform(0.28, 0.5), rng.uniform(0.3, 0.5), 0.5, 0.05, 0.15)
    return rng.uniform(0.55, 0.8), True, keys


def _jump(rng: np.random.Generator) -> Motion:
    high, dip = rng.uniform(0.06, 0.3), rng.uniform(0.06, 0.3)
    crouch: Pose = {"pelvis": (0, -dip, -dip / 3), "lean": (dip, 0)}
    air: Pose = {"pelvis": (0, high, 0), "left_foot": (0, high, 0), "right_foot": (0, high, 0)}
    if high < 0.15:  # small hops, hands beside the hips as with a rope
        hands = _hands((0.45, -0.65, 0.25))
        return rng.uniform(0.4, 0.7), True, [(0.0, hands | {"pelvis": (0, -0.05, 0)}), (0.5, air | hands)]
    back, up = _hands((0.2, -0.85, -0.35)), _hands((0.2, 0.2, 0.8))
    return rng.uniform(1.0, 1.8), True, [(0.0, {}), (0.35, crouch | back), (0.6, air | up), (0.85, crouch)]


def _punch(rng: np.random.Generator) -> Motion:
    up = rng.uniform(-0.1, 0.15)
    guard: Pose = {"left_hand": (-0.15, 0.05, 0.4), "right_hand": (-0.15, 0.0, 0.35)}
    feet: Pose = {"left_foot": (0.02, 0, 0.2), "right_foot": (0.05, 0, -0.15)}

    def hit(side: str, turn: float) -> Pose:
        return guard | {f"{side}_hand": (-0.2, up, 0.98), "turn": (turn,)}

    cross = hit("right", 0.45) if rng.random() < 0.6 else guard
    keys = [(0.0, guard), (0.2, hit("left", -0.2)), (0.45, guard), (0.65, cross), (0.9, guard)]
    return rng.uniform(0.9, 1.8), True, [(t, feet | pose) for t, pose in keys]


def _kick(rng: np.random.Generator) -> Motion:
    high = rng.uniform(0.3, 0.95)
    cock: Pose
    hit: Pose
    if rng.random() < 0.6:
        cock, hit = {"right_foot": (0.02, 0.2, -0.35)}, {"right_foot": (0, high, 0.75), "lean": (-0.15, 0)}
    else:  # to the side
        cock, hit = {"right_foot": (0.1, 0.1, 0.0)}, {"right_foot": (0.7, high, 0.05), "lean": (0, 0.25)}
    arms: Pose = {"left_hand": (0.5, -0.6, 0.3), "right_hand": (0.5, -0.7, -0.2)}
    return rng.uniform(1.0, 2.2), True, [(0.0, {}), (0.25, cock | arms), (0.45, hit | arms), (0.75, {})]


def _lunge(rng: np.random.Generator) -> Motion:
    stride, deep = rng.uniform(0.45, 0.7), rng.uniform(0.2, 0.36)
    hands = [(0.3, -0.55, 0.05), _DOWN][rng.integers(2)]
    arms = {"left_hand": hands, "right_hand": hands}
    low = {"right_foot": (0, 0, stride), "pelvis": (0, -deep, stride / 2), "left_foot": (0, 0.05, -0.1)}
    return rng.uniform(2.0, 3.5), True, [(0.0, arms), (0.4, arms | low), (0.6, arms | low)]


def _bow(rng: np.random.Generator) -> Motion:
    lean = rng.uniform(0.5, 1.3)
    hang = (0.05, -0.9, 0.15 + 0.2 * lean)
    low = {"lean": (lean, 0), "pelvis": (0, -0.02, -0.12), "left_hand": hang, "right_hand": hang}
    return rng.uniform(1.8, 3.2), True, [(0.0, {}), (0.4, low), (0.6, low)]


def _pick_up(rng: np.random.Generator) -> Motion:
    deep = rng.uniform(0.2, 0.5)
    low = {"pelvis": (0, -deep, -0.2), "lean": (rng.uniform(0.7, 1.1), 0), "right_hand": (-0.1, -0.75, 0.65)}
    held: Pose = {"right_hand": (0.05, -0.45, 0.55)}
    return rng.uniform(1.8, 3.0), False, [(0.0, {}), (0.4, low), (0.55, low), (1.0, held)]


def _seat(rng: np.random.Generator) -> Pose:
    lap = (-0.05, -0.6, 0.5)
    return {"pelvis": (0, -rng.uniform(0.36, 0.46), -0.4), "lean": (0.05, 0), "left_hand": lap, "right_hand": lap}


def _sit_down(rng: np.random.Generator) -> Motion:
    seat = _seat(rng)
    knees = (0.05, -0.7, 0.4)
    half: Pose = {"pelvis": (0, -0.22, -0.28), "lean": (0.65, 0), "left_hand": knees, "right_hand": knees}
    return rng.uniform(1.6, 2.8), False, [(0.0, {}), (0.2, {}), (0.45, half), (0.7, seat), (1.0, seat)]


def _stand_up(rng: np.random.Generator) -> Motion:
    seconds, cyclic, keys = _sit_down(rng)
    return seconds, cyclic, [(1.0 - t, pose) for t, pose in reversed(keys)]


def _to_head(rng: np.random.Generator, near: tuple[float, float, float], nod: float, hold: float) -> Motion:
    up: Pose = {"right_hand": near, "head": (nod, 0.0)}
    low: Pose = {"right_hand": (0.0, -0.45, 0.5)} if rng.random() < 0.5 else {}
    return rng.uniform(2.2, 4.0), False, [(0.0, low), (0.3, up), (0.3 + hold, up), (1.0, low if hold < 0.6 else up)]


def _drink(rng: np.random.Generator) -> Motion:
    return _to_head(rng, (-0.27, 0.22, 0.3), -0.25, rng.uniform(0.25, 0.5))


def _phone(rng: np.random.Generator) -> Motion:
    return _to_head(rng, (0.0, 0.34, 0.12), 0.05, rng.uniform(0.6, 0.7))


def _throw(rng: np.random.Generator) -> Motion:
    back: Pose = {"right_hand": (0.45, 0.45, -0.35), "turn": (-0.4,), "lean": (-0.1, 0)}
    out: Pose = {"right_hand": (-0.1, 0.25, 0.95), "turn": (0.3,), "lean": (0.15, 0)}
    low: Pose = {"right_hand": (-0.25, -0.6, 0.6), "turn": (0.4,), "lean": (0.3, 0)}
    return rng.uniform(1.0, 2.0), True, [(0.0, {}), (0.35, back), (0.5, out), (0.65, low)]


def _point(rng: np.random.Generator) -> Motion:
    out: Pose = {"right_hand": (rng.uniform(-0.2, 0.7), rng.uniform(-0.1, 0.35), rng.uniform(0.6, 0.9))}
    return rng.uniform(2.0, 3.5), False, [(0.0, {}), (0.25, out), (1.0, out)]


def _carry(rng: np.random.Generator) -> Motion:
    box = (-0.1, rng.uniform(-0.5, -0.25), 0.65)
    seconds, cyclic, keys = _walk(rng)
    return seconds, cyclic, [(t, pose | {"left_hand": box, "right_hand": box}) for t, pose in keys]


def _idle(rng: np.random.Generator) -> Motion:
    hands = [_DOWN, (-0.2, -0.5, 0.45), (0.3, -0.55, 0.05), (-0.3, -0.35, 0.4), (-0.05, -0.6, 0.5)]
    base = {"left_hand": hands[rng.integers(5)]}
    base |= {"right_hand": base["left_hand"] if rng.random() < 0.7 else hands[rng.integers(5)]}
    if rng.random() < 0.3:
        base |= _seat(rng)
    sway = lambda: {  # noqa: E731
        "head": tuple(rng.normal(0, 0.12, 2)),
        "lean": tuple(np.array(base.get("lean", (0, 0))) + rng.normal(0, 0.025, 2)),
        **{side: tuple(np.array(base[side]) + rng.normal(0, 0.03, 3)) for side in ("left_hand", "right_hand")},
    }
    return rng.uniform(3.0, 6.0), True, [(k / 4, base | sway()) for k in range(4)]


def _stand(rng: np.random.Generator) -> Motion:
    return rng.uniform(3.0, 5.0), True, [(k / 3, {"head": tuple(rng.normal(0, 0.08, 2))}) for k in range(3)]


MOTIONS: dict[str, Score] = {
    "wave": _wave, "raise_hand": _raise_hand, "clap": _clap, "jumping_jack": _jumping_jack, "squat": _squat,
    "walk": _walk, "run": _run, "jump": _jump, "punch": _punch, "kick": _kick, "lunge": _lunge, "bow": _bow,
    "pick_up": _pick_up, "sit_down": _sit_down, "stand_up": _stand_up, "drink": _drink, "phone": _phone,
    "throw": _throw, "point": _point, "carry": _carry, IDLE: _idle,
}  # fmt: skip


# For scenes only: the plainest way to be idle, with the arms hanging.
SCENE_MOTIONS = MOTIONS | {"stand": _stand}


def swap_sides(pose: Pose) -> Pose:
    """Return the pose with its sides exchanged, as in a mirror."""
    swapped = {n.replace("left", "?").replace("right", "left").replace("?", "right"): v for n, v in pose.items()}
    for name in ("lean", "head"):
        if name in swapped:
            swapped[name] = (swapped[name][0], -swapped[name][1])
    if "turn" in swapped:
        swapped["turn"] = (-swapped["turn"][0],)
    return swapped


def pose_at(keys: Keyframes, cyclic: bool, moment: float) -> dict[str, np.ndarray]:
    """Return the pose between two keyframes; what neither says is as at rest."""
    moment = moment % 1.0 if cyclic else min(max(moment, 0.0), 1.0)
    ring = [*keys, (keys[0][0] + 1.0, keys[0][1])] if cyclic else keys
    later = next((i for i, (t, _) in enumerate(ring) if t > moment), len(ring) - 1)
    (t0, a), (t1, b) = ring[max(later - 1, 0)], ring[later]
    share = np.clip((moment - t0) / max(t1 - t0, 1e-9), 0.0, 1.0)
    share = share * share * (3 - 2 * share)
    pick = lambda pose, name: np.array(pose.get(name, _ALL[name]), float)  # noqa: E731
    return {name: (1 - share) * pick(a, name) + share * pick(b, name) for name in _ALL}


def make_motion(name: str, seconds: float, fps: float, seed: int) -> np.ndarray:
    """Make a clip of one action (see `make_scene`)."""
    return make_scene([(name, seconds)], fps, seed)


def make_scene(steps: Sequence[tuple[str | Score, float]], fps: float, seed: int) -> np.ndarray:
    """Make a scene of one body doing one motion after another, each with its own tempo, side and sway.

    Args:
        steps: (one of SCENE_MOTIONS or a way's score, seconds) in turn; a one-shot motion ends in its last pose, a
            cyclic one goes on.
        fps: frames a second.
        seed: everything random comes from it.

    Returns:
        (T, 25, 3) float32 metres, models.skeleton axes, feet near y = 0.
    """
    rng = np.random.default_rng(seed)
    motions = [_started(name, rng) for name, _ in steps]
    body = random_body(rng)
    starts = np.cumsum([0.0, *(seconds for _, seconds in steps)])
    times_T = np.arange(round(starts[-1] * fps)) / fps
    sway_T6 = random_sway(times_T, rng)
    joints = []
    for t, sway_6 in zip(times_T, sway_T6, strict=True):
        k = int(np.searchsorted(starts, t + 1e-9)) - 1
        pose = motions[k](t - starts[k])
        if k and t - starts[k] < BLEND_S:
            share = (t - starts[k]) / BLEND_S
            before = motions[k - 1](t - starts[k - 1])
            pose = {name: (1 - share) * before[name] + share * pose[name] for name in _ALL}
        pose["pelvis"] = pose["pelvis"] + sway_6[:3] * [1, 0.3, 1]
        pose["lean"] = pose["lean"] + sway_6[3:5]
        joints.append(joints_of(pose, body))
    return np.stack(joints)


def random_body(rng: np.random.Generator) -> Body:
    """Draw the lengths of somebody's body."""
    stretch = lambda: rng.uniform(0.9, 1.1)  # noqa: E731
    lengths = {n: getattr(Body(), n) * stretch() for n in ("shoulder", "hip", "trunk", "upper_arm", "thigh", "stance")}
    return Body(scale=rng.uniform(0.85, 1.1), **lengths)


def random_sway(times_T: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw how a body sways, (T, 6): metres of the pelvis, radians of the lean, and one more."""
    phases_62 = rng.uniform(0, 2 * np.pi, (6, 2))
    slow_T6, fast_T6 = (np.sin(2 * np.pi * f * times_T[:, None] + phases_62[:, k]) for k, f in enumerate((0.3, 0.7)))
    return 0.008 * (slow_T6 + fast_T6)


def _started(motion: str | Score, rng: np.random.Generator) -> Callable[[float], dict[str, np.ndarray]]:
    """Return a motion's pose as a function of the seconds since its start.

    Its side and its phase are random.
    """
    score = SCENE_MOTIONS[motion] if isinstance(motion, str) else motion
    period, cyclic, keys = score(rng)
    if rng.random() < 0.5:
        keys = [(t, swap_sides(pose)) for t, pose in keys]
    offset = rng.random() if cyclic else -rng.uniform(0.0, 0.15)
    return lambda seconds: pose_at(keys, cyclic, seconds / period + offset)
