"""From the joints of a stretch of time to numbers that tell of its movement alone.

The joints are taken from the shoulders, so that walking through the picture is no movement; at a fixed rate, whatever
the camera's; smoothed by a Gaussian of fixed width in seconds; and turned to the body's own left and right. Then they
are split in two: what both sides do together or in turn (`same`), and what one does against the other (`against`).

Shapes: T frames, V joints (25), K moments of a regular grid, F features.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.skeleton import CENTRE, JOINTS, MIRROR, MIRROR_SIGN_3

HZ = 20.0
SIGMA_S = 0.08
KNOWN = 0.6  # share of the frames in which a joint has to be seen

_LEFT = [v for v, name in enumerate(JOINTS) if name.startswith("left")]
_MIDDLE = [v for v, name in enumerate(JOINTS) if MIRROR[v] == v and v != CENTRE]
_SIDES = [(JOINTS.index(f"left_{name}"), JOINTS.index(f"right_{name}")) for name in ("shoulder", "hip")]


class BodySignal(NamedTuple):
    """The movement of one person.

    Attributes:
        times_K: (K,) seconds, HZ a second.
        same_KF: (K, F) metres, what is left of the joints if left and right are taken for the same.
        against_KF: (K, F) metres, the rest; the squares of both together are those of all joints.
        height_K: (K,) metres, mean height of the joints over the shoulders; below them it is negative.
    """

    times_K: np.ndarray
    same_KF: np.ndarray
    against_KF: np.ndarray
    height_K: np.ndarray


def body_signal(times_T: np.ndarray, joints_TV3: np.ndarray, seen_TV: np.ndarray) -> BodySignal:
    """Return the movement of a stretch of time.

    A joint that is seen in less than KNOWN of the frames is left out; shorter losses are bridged.

    Args:
        times_T: (T,) seconds, increasing, T >= 2.
        joints_TV3: (T, 25, 3) metres, y up.
        seen_TV: (T, 25) bool; the middle of the shoulders is seen in every frame.
    """
    times_K = times_T[0] + np.arange(int((times_T[-1] - times_T[0]) * HZ) + 1) / HZ
    known = np.flatnonzero(seen_TV.mean(0) >= KNOWN)
    joints_KV3 = np.zeros((len(times_K), len(JOINTS), 3))
    joints_KV3[:, known] = _read(times_K, times_T, joints_TV3 - joints_TV3[:, CENTRE : CENTRE + 1], seen_TV, known)
    facing_KV3 = _facing(joints_KV3)
    mirrored_KV3 = facing_KV3[:, MIRROR] * MIRROR_SIGN_3
    same_KV3, against_KV3 = (facing_KV3 + mirrored_KV3) / 2, (facing_KV3 - mirrored_KV3) / 2
    return BodySignal(times_K, _half(same_KV3), _half(against_KV3), joints_KV3[:, known, 1].mean(1))


def _read(
    times_K: np.ndarray, times_T: np.ndarray, joints_TV3: np.ndarray, seen_TV: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """Return the known joints at the moments of the grid, smoothed, (K, known, 3)."""
    shift = np.arange(-3, 4) * SIGMA_S / 1.5
    weight = np.exp(-0.5 * (shift / SIGMA_S) ** 2)
    at = times_K[:, None] + shift
    read = np.empty((len(times_K), len(known), 3))
    for i, v in enumerate(known):
        seen_T = seen_TV[:, v]
        for axis in range(3):
            read[:, i, axis] = np.interp(at, times_T[seen_T], joints_TV3[seen_T, v, axis]) @ (weight / weight.sum())
    return read


def _facing(joints_KV3: np.ndarray) -> np.ndarray:
    """Turn the joints about the vertical until the body's left and right lie along x, by its mean over all moments."""
    across_3 = sum(joints_KV3[:, right] - joints_KV3[:, left] for left, right in _SIDES).mean(0)
    angle = np.arctan2(across_3[2], across_3[0])
    c, s = np.cos(angle), np.sin(angle)
    return joints_KV3 @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])


def _half(joints_KV3: np.ndarray) -> np.ndarray:
    """Return the features of one side and the middle; the other side says the same."""
    one_side = joints_KV3[:, _LEFT] * np.sqrt(2)
    return np.concatenate([one_side, joints_KV3[:, _MIDDLE]], 1).reshape(len(joints_KV3), -1)
