"""The judgement of a recorded body: whether it is a person, in metres and upright. Numpy only.

Everything is judged by the lengths of bones, each as a multiple of an adult's. The median of these is the body's size:
0.4 for a child of one year, 1 for an adult of 1.7 m, about 1000 in millimetres. Where the multiples differ too much
from their median, the joints are no body. A bone of length zero is not known (models.skeleton.fill_lost).

Shapes: T frames, V joints (25), B bones (24).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from models.skeleton import BONES, JOINTS, V

# Lengths of an adult of about 1.7 m as the sensors of the recorded sets give them, metres.
_LENGTH_M = {
    "pelvis": 0.25, "neck": 0.09, "head": 0.13, "shoulder": 0.17, "elbow": 0.26, "wrist": 0.24, "hand": 0.08,
    "tip": 0.08, "thumb": 0.06, "hip": 0.09, "knee": 0.39, "ankle": 0.37, "foot": 0.13, "mid": 0.25,
}  # fmt: skip
CHILD_B, PARENT_B = (np.array([bone[end] for bone in BONES]) for end in (0, 1))
LENGTH_B = np.array([_LENGTH_M[JOINTS[child].rpartition("_")[2]] for child in CHILD_B])
SMALLEST, LARGEST = 0.25, 1.8  # sizes of people, and of what sensors make of them
MOST_UNLIKE = 0.48  # median distance of the bones' multiples from the body's size, as a logarithm
LEAST_BONES = 8  # fewer known bones do not tell
_MOST_JUDGED = 200  # frames of a recording that are looked at
_UNITS = {"millimetres": 1000.0, "centimetres": 100.0, "inches": 39.37, "decimetres": 10.0, "feet": 3.281}
_NOBODY = "the joints have no limb lengths of a person (noise, or another order than that of `models.skeleton.JOINTS`)"
_UNIT_SIZES = (0.45, 1.35)  # sizes of the people of whom a unit is guessed


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the limbs of a recording say.

    Attributes:
        size: median of its bones' lengths, as multiples of an adult's; NaN where too few bones are known.
        is_body: whether the bones could be a person's. It is true where too few are known.
        fault: why the numbers cannot be used, with a remedy; "" if they can.
        note: what else there is to know, such as that the body stands on its head; "" if nothing.
    """

    size: float = np.nan
    is_body: bool = True
    fault: str = ""
    note: str = ""


def median(values_TB: np.ndarray) -> np.ndarray:
    """Return each row's median without its NaNs, (T,); NaN where there is nothing else."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmedian(values_TB, axis=1)


def sizes(joints_TV3: np.ndarray, known_TV: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the body's size in each frame and how unlike a body it is, (T,) each; NaN if too few bones are known."""
    with np.errstate(all="ignore"):
        length_TB = np.linalg.norm(joints_TV3[:, CHILD_B] - joints_TV3[:, PARENT_B], axis=2) / LENGTH_B
    known_TB = known_TV[:, CHILD_B] & known_TV[:, PARENT_B] & (length_TB > 0) & np.isfinite(length_TB)
    known_TB &= (known_TB.sum(1) >= LEAST_BONES)[:, None]
    size_T = median(np.where(known_TB, length_TB, np.nan))
    with np.errstate(all="ignore"):
        unlike_TB = np.abs(np.log(length_TB / size_T[:, None]))
    return size_T, median(np.where(known_TB, unlike_TB, np.nan))


def judge(joints_TV3: np.ndarray, known_TV: np.ndarray) -> Judgement:
    """Judge a recording by the lengths of its bones.

    Args:
        joints_TV3: (T, 25, 3) of one person.
        known_TV: (T, 25) bool, see models.lost_joints.
    """
    some = np.flatnonzero(known_TV.any(1))
    some = some[np.linspace(0, len(some) - 1, min(len(some), _MOST_JUDGED)).astype(int)] if len(some) else some
    joints_TV3, known_TV = joints_TV3[some].astype(float), known_TV[some]
    if not len(some):
        return Judgement(is_body=False)
    size_T, unlike_T = sizes(joints_TV3, known_TV)
    told_T = np.isfinite(size_T)
    if not told_T.any():
        return Judgement()
    size = float(np.median(size_T[told_T]))
    if np.median(unlike_T[told_T]) > MOST_UNLIKE:
        return Judgement(size, is_body=False, note=_NOBODY)
    if not SMALLEST <= size <= LARGEST:
        return Judgement(size, fault=_not_metres(size, joints_TV3, known_TV))
    return Judgement(size, note=_axes(joints_TV3, known_TV, size))


def is_flat(joints_TV3: np.ndarray, known_TV: np.ndarray) -> bool:
    """Return whether one of the three coordinates is the same for all joints, as that of pictures is."""
    known_K3 = joints_TV3[known_TV]
    return bool(len(known_K3) and (np.ptp(known_K3, axis=0) == 0).any())


def _not_metres(size: float, joints_TV3: np.ndarray, known_TV: np.ndarray) -> str:
    low, high = _UNIT_SIZES
    fitting = [unit for unit, many in _UNITS.items() if low <= size / many <= high]
    named = f"; they may be {' or '.join(fitting)}" if fitting else ""
    if is_flat(joints_TV3, known_TV):
        return f"{_times(size)}, and all in one plane: pixels of a picture are no joints in metres"
    remedy = f"multiply them by {1 / _UNITS[fitting[0]]:.4g}" if fitting else "convert them"
    return f"{_times(size)}: the joints are no metres{named}; {remedy}"


def _times(size: float) -> str:
    return f"limbs of {float(f'{size:.3g}'):.15g} times the length of an adult's"


def _axes(joints_TV3: np.ndarray, known_TV: np.ndarray, size: float) -> str:
    """Return what is odd about the directions of a body in metres, "" if nothing."""
    if is_flat(joints_TV3, known_TV):
        return "all joints lie in one plane: without depth the answer is not sure"
    up_T3 = _up(joints_TV3, known_TV)
    up_T3 = up_T3[np.isfinite(up_T3).all(1)]
    if len(up_T3) == 0:
        return ""
    across, up, along = np.median(up_T3, axis=0)
    if up < -0.7:
        return "the head is below the hips: if this person stands, y runs down in the file and must run up"
    for axis, share in (("x", across), ("z", along)):
        if abs(share) > 0.9 and abs(up) < 0.3:
            return f"the body lies along {axis}: if this person stands, {axis} runs up in the file, and y must"
    return ""


def _up(joints_TV3: np.ndarray, known_TV: np.ndarray) -> np.ndarray:
    """Return the direction from the hips, or from the shoulders, to the head in each frame, (T, 3); NaN if unknown."""
    at = {name: JOINTS.index(name) for name in ("pelvis", "spine_shoulder", "head")}
    low = np.where(known_TV[:, at["pelvis"]], at["pelvis"], at["spine_shoulder"])
    high = np.where(known_TV[:, at["head"]], at["head"], at["spine_shoulder"])
    row_T = np.arange(len(joints_TV3))
    with np.errstate(all="ignore"):
        way_T3 = joints_TV3[row_T, high] - joints_TV3[row_T, low]
        way_T3 = way_T3 / np.linalg.norm(way_T3, axis=1, keepdims=True)
    known_T = known_TV[row_T, low] & known_TV[row_T, high]
    return np.where(known_T[:, None], way_T3, np.nan)


assert len(LENGTH_B) == V - 1
