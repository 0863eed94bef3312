"""Skeletons that squat, lift their arms and step by as much as a test wants."""

from __future__ import annotations

import numpy as np

from models.skeleton import JOINTS
from tests.bodies import standing

_ON_THE_GROUND = [v for v, name in enumerate(JOINTS) if name.endswith(("ankle", "foot"))]
_ARMS = {
    side: [JOINTS.index(f"{side}_{n}") for n in ("elbow", "wrist", "hand", "tip", "thumb")]
    for side in ("left", "right")
}
_SHOULDER = {side: JOINTS.index(f"{side}_shoulder") for side in ("left", "right")}


def figure(squat_T, left_T=0.0, right_T=0.0, step_T=0.0) -> np.ndarray:
    """Return joints (T, 25, 3) metres.

    Args:
        squat_T: (T,) how deep, 0 stands and 1 has its thighs level.
        left_T, right_T: how far that arm is up, 0 hangs and 1 is over the head.
        step_T: how far the left foot is in front of the right one, -1 to 1.
    """
    squat_T, left_T, right_T, step_T = np.broadcast_arrays(*map(np.atleast_1d, (squat_T, left_T, right_T, step_T)))
    joints_TV3 = standing(len(squat_T)).astype(float)
    _lift(joints_TV3, "left", left_T)
    _lift(joints_TV3, "right", right_T)
    for v in range(len(JOINTS)):
        if v not in _ON_THE_GROUND:
            joints_TV3[:, v, 1] -= (0.2 if JOINTS[v].endswith("knee") else 0.42) * squat_T
    for side, way in (("left", -1), ("right", 1)):
        knee, ankle, foot = (JOINTS.index(f"{side}_{n}") for n in ("knee", "ankle", "foot"))
        joints_TV3[:, knee, 2] -= 0.3 * squat_T
        for v, share in ((knee, 0.15), (ankle, 0.3), (foot, 0.3)):
            joints_TV3[:, v, 2] += way * share * step_T
    return joints_TV3.astype(np.float32)


def _lift(joints_TV3: np.ndarray, side: str, up_T: np.ndarray) -> None:
    shoulder_T3 = joints_TV3[:, _SHOULDER[side]]
    way = -1 if side == "left" else 1
    for v in _ARMS[side]:
        reach = np.linalg.norm(joints_TV3[0, v] - joints_TV3[0, _SHOULDER[side]])
        joints_TV3[:, v, 0] = shoulder_T3[:, 0] + way * reach * np.sin(np.pi * up_T)
        joints_TV3[:, v, 1] = shoulder_T3[:, 1] - reach * np.cos(np.pi * up_T)


def waving(number: int, period_s: float = 0.8, metres: float = 0.15) -> tuple[np.ndarray, np.ndarray, float]:
    """Return times (T,), joints (T, 25, 3) and when the hand is down again.

    The right hand is lifted beside the head from second 1 on, goes to and fro so many times, and is lowered. Each of
    these is much less of a movement than lifting and lowering the hand are.
    """
    begins_s = 1.8
    ends_s = begins_s + number * period_s
    times_T = times(ends_s + 2.8)
    up_T = np.clip((times_T - 1.0) / 0.6, 0, 1) - np.clip((times_T - ends_s - 0.2) / 0.6, 0, 1)
    joints_TV3 = figure(0.0 * times_T, right_T=0.8 * (0.5 - 0.5 * np.cos(np.pi * up_T)))
    at_it_T = (times_T > begins_s) & (times_T < ends_s)
    sway_T = np.where(at_it_T, metres * np.sin(2 * np.pi * (times_T - begins_s) / period_s), 0)
    joints_TV3[:, [JOINTS.index(f"right_{n}") for n in ("wrist", "hand", "tip", "thumb")], 0] += sway_T[:, None]
    return times_T, joints_TV3, ends_s + 0.8


def times(seconds: float, fps: float = 30.0) -> np.ndarray:
    """Return the times of frames, (T,) seconds."""
    return np.arange(round(seconds * fps)) / fps


def bumps(times_T: np.ndarray, starts_s, lasting_s: float = 1.5) -> np.ndarray:
    """Return a movement from 0 to 1 and back that begins at each of some times, (T,)."""
    out_T = np.zeros(len(times_T))
    for start_s in starts_s:
        share_T = (times_T - start_s) / lasting_s
        out_T += np.where((share_T > 0) & (share_T < 1), 0.5 - 0.5 * np.cos(2 * np.pi * share_T), 0)
    return out_T


def noise(joints_TV3: np.ndarray, metres: float = 0.01, seed: int = 0) -> np.ndarray:
    """Return joints that jitter as a landmarker's do."""
    jitter = np.random.default_rng(seed).normal(0, metres, joints_TV3.shape)
    return (joints_TV3 + jitter).astype(np.float32)
