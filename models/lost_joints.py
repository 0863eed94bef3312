"""The lost joints of a recorded body, whatever marks them. Numpy only.

Shapes: T frames, V joints (25), P joints of the trunk, B bones of one of them.
"""

from __future__ import annotations

import numpy as np

from models.body import CHILD_B, LENGTH_B, PARENT_B, median, sizes
from models.skeleton import CENTRE, JOINTS

_TRUNK = [JOINTS.index(name) for name in ("pelvis", "spine_mid", "neck", "head", "spine_shoulder")]
_SHOULDERS = [JOINTS.index(f"{side}_shoulder") for side in ("left", "right")]
_NEAR = 2.5  # a bone to a joint at the origin is at most so many times as long as it should be
_AT_ONCE = 2048  # frames
_REACH_M = 2.0  # no joint of an adult is farther from the shoulders


def known_joints(joints_TV3: np.ndarray) -> np.ndarray:
    """Return which joints of a recording are known, (T, 25) bool.

    A joint that is not finite, or 0 or -1 in all three places, is lost. So is one that is farther from the shoulders
    than any limb reaches, and so are all joints of a frame in which they lie in one point, and three or more that share
    a point away from the rest of the body, as lost ones do once a recording is centred. A joint of the trunk may lie
    at the origin by right, as the pelvis of a centred recording does: it is known if it is as near to its neighbours
    as it should be.

    Args:
        joints_TV3: (T, 25, 3), in any unit.
    """
    zero_TV = np.asarray(~joints_TV3.any(2))
    known_TV = np.isfinite(joints_TV3).all(2) & ~zero_TV & (joints_TV3 != -1).any(2)
    first_TV3 = np.take_along_axis(joints_TV3, known_TV.argmax(1)[:, None, None], axis=1)
    apart_TV = (joints_TV3 != first_TV3).any(2) & known_TV
    known_TV &= apart_TV.any(1, keepdims=True)
    odd_T = ~known_TV.all(1) & known_TV.any(1)
    with np.errstate(all="ignore"):  # infinite numbers are lost
        wide_T = (np.abs(joints_TV3 - joints_TV3[:, CENTRE, None]) > 0.75 * _REACH_M).any((1, 2))
    rows = np.flatnonzero(odd_T | wide_T)
    if len(rows):
        some_TV3, some_TV = joints_TV3[rows].astype(float), known_TV[rows]
        size_T = np.nan_to_num(sizes(some_TV3, some_TV)[0], nan=1.0)
        some_TV = some_TV | _at_origin(some_TV3, some_TV, zero_TV[rows], size_T)
        known_TV[rows] = some_TV & ~_torn(some_TV3, some_TV, size_T)
    same_TB = (joints_TV3[:, CHILD_B] == joints_TV3[:, PARENT_B]).all(2) & known_TV[:, CHILD_B] & known_TV[:, PARENT_B]
    rows = np.flatnonzero(same_TB.sum(1) > 1)
    for some in np.array_split(rows, len(rows) // _AT_ONCE + 1):
        known_TV[some] &= ~_heaped(joints_TV3[some].astype(float), known_TV[some])
    return known_TV


def _at_origin(joints_TV3: np.ndarray, known_TV: np.ndarray, zero_TV: np.ndarray, size_T: np.ndarray) -> np.ndarray:
    """Return which joint of zeros lies at the origin by right, (T, 25) bool: at most one a frame, of the trunk."""
    off_TP = np.full((len(joints_TV3), len(_TRUNK)), np.inf)
    for i, v in enumerate(_TRUNK):
        bones = np.flatnonzero((v == CHILD_B) | (v == PARENT_B))
        others = np.where(CHILD_B[bones] == v, PARENT_B[bones], CHILD_B[bones])
        length_TB = np.linalg.norm(joints_TV3[:, others], axis=2) / (LENGTH_B[bones] * size_T[:, None])
        off_T = median(np.where(known_TV[:, others], length_TB, np.nan))
        off_TP[:, i] = np.where(zero_TV[:, v] & np.isfinite(off_T), off_T, np.inf)
    found_TV = np.zeros_like(known_TV)
    found_TV[np.arange(len(off_TP)), np.array(_TRUNK)[off_TP.argmin(1)]] = off_TP.min(1) <= _NEAR
    return found_TV


def _torn(joints_TV3: np.ndarray, known_TV: np.ndarray, size_T: np.ndarray) -> np.ndarray:
    """Return which joints are out of the body's reach, (T, 25) bool; of a frame that is so for most, none."""
    with np.errstate(all="ignore"):
        far_TV = np.linalg.norm(joints_TV3 - joints_TV3[:, CENTRE, None], axis=2) > _REACH_M * size_T[:, None]
    far_TV &= known_TV & known_TV[:, CENTRE, None]
    return far_TV & (2 * far_TV.sum(1) < known_TV.sum(1))[:, None]


def _heaped(joints_TV3: np.ndarray, known_TV: np.ndarray) -> np.ndarray:
    """Return which joints share a point with two others or more, and are torn from the rest, (T, 25) bool."""
    with np.errstate(all="ignore"):
        same_TVV = (joints_TV3[:, :, None] == joints_TV3[:, None]).all(3) & known_TV[:, :, None] & known_TV[:, None]
        length_TB = np.linalg.norm(joints_TV3[:, CHILD_B] - joints_TV3[:, PARENT_B], axis=2) / LENGTH_B
        long_TB = length_TB > _NEAR * np.nan_to_num(sizes(joints_TV3, known_TV)[0], nan=np.inf)[:, None]
    heap_TV = same_TVV.sum(2) > 2
    long_TB &= known_TV[:, CHILD_B] & known_TV[:, PARENT_B]
    torn_TV = np.zeros_like(known_TV)
    for end_B in (CHILD_B, PARENT_B):
        for b, v in enumerate(end_B):
            torn_TV[:, v] |= long_TB[:, b] & heap_TV[:, v]
    return (same_TVV & torn_TV[:, None]).any(2)


def mended(joints_TV3: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a recording with zeros for its lost joints, and which joints are known, (T, 25) bool.

    A lost joint between the shoulders, which the model needs, is put half way between them where both are known.
    """
    known_TV = known_joints(joints_TV3)
    if known_TV.all():
        return joints_TV3, known_TV
    joints_TV3 = np.where(known_TV[..., None], joints_TV3, 0).astype(joints_TV3.dtype)
    bare_T = ~known_TV[:, CENTRE] & known_TV[:, _SHOULDERS].all(1)
    joints_TV3[bare_T, CENTRE] = joints_TV3[bare_T][:, _SHOULDERS].mean(1)
    known_TV[bare_T, CENTRE] = True
    return joints_TV3, known_TV
