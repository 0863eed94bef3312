"""The NTU RGB+D skeleton of 25 joints, and the bridge to it from the 33 BlazePose landmarks. Numpy only.

Axes of joints: right-handed, metres; x to the actor's right when facing the camera, y up, z away from the camera.
BlazePose world landmarks: x to the right of the image, y down, z away: the same axes turned by 180 degrees about z.

Shapes: T frames, V joints (25), L landmarks (33).
"""

from __future__ import annotations

import numpy as np

JOINTS: tuple[str, ...] = (
    "pelvis", "spine_mid", "neck", "head",
    "left_shoulder", "left_elbow", "left_wrist", "left_hand",
    "right_shoulder", "right_elbow", "right_wrist", "right_hand",
    "left_hip", "left_knee", "left_ankle", "left_foot",
    "right_hip", "right_knee", "right_ankle", "right_foot",
    "spine_shoulder", "left_tip", "left_thumb", "right_tip", "right_thumb",
)  # fmt: skip
V = len(JOINTS)
CENTRE = JOINTS.index("spine_shoulder")

# (child, parent) as the paper numbers them, from 1; joint 21 is the root.
_BONES_FROM_1 = (
    (1, 2), (2, 21), (3, 21), (4, 3), (5, 21), (6, 5), (7, 6), (8, 7), (9, 21), (10, 9),
    (11, 10), (12, 11), (13, 1), (14, 13), (15, 14), (16, 15), (17, 1), (18, 17), (19, 18), (20, 19),
    (22, 8), (23, 8), (24, 12), (25, 12),
)  # fmt: skip
BONES: tuple[tuple[int, int], ...] = tuple((child - 1, parent - 1) for child, parent in _BONES_FROM_1)
PARENTS = np.full(V, CENTRE)
for _child, _parent in BONES:
    PARENTS[_child] = _parent

LOWER_BODY = [v for v, n in enumerate(JOINTS) if n.split("_")[-1] in ("pelvis", "mid", "hip", "knee", "ankle", "foot")]

# What moves as one, left and right alike: hands, arms with the trunk, feet, legs.
_HANDS, _FEET, _LEGS = ("wrist", "hand", "tip", "thumb"), ("ankle", "foot"), ("hip", "knee")
_PART = {kind: part for part, kinds in ((0, _HANDS), (2, _FEET), (3, _LEGS)) for kind in kinds}
PART_V = np.array([_PART.get(name.rpartition("_")[2], 1) for name in JOINTS])
PARTS = 4

MIRROR_SIGN_3 = np.array([-1, 1, 1], np.float32)
MIRROR = np.array([JOINTS.index(n.replace("left", "?").replace("right", "left").replace("?", "right")) for n in JOINTS])


def _outward_order() -> tuple[int, ...]:
    """Return the joints in an order in which each comes after its parent."""
    order = [CENTRE]
    while len(order) < V:
        order += [v for v in range(V) if v not in order and PARENTS[v] in order]
    return tuple(order)


OUTWARD: tuple[int, ...] = _outward_order()

# A landmark counts as seen from this visibility on; below it BlazePose guesses (legs under a desk score near 0).
SEEN_FROM = 0.3

# Each joint as a weighted sum of landmarks. Kinect's head is the middle of the skull: between the ears. Its neck is
# the base of the skull's support, a third of the way up from the shoulders; its mid spine is half way down.
_SIDES = {"left": (11, 13, 15, 17, 19, 21, 23, 25, 27, 31), "right": (12, 14, 16, 18, 20, 22, 24, 26, 28, 32)}
_SHOULDERS, _HIPS, _EARS = {11: 0.5, 12: 0.5}, {23: 0.5, 24: 0.5}, {7: 0.5, 8: 0.5}


def _blend(*parts: tuple[float, dict[int, float]]) -> dict[int, float]:
    return {mark: share * weight for share, marks in parts for mark, weight in marks.items()}


def _recipes() -> dict[str, dict[int, float]]:
    recipes = {
        "pelvis": _HIPS,
        "spine_mid": _blend((0.5, _HIPS), (0.5, _SHOULDERS)),
        "spine_shoulder": _SHOULDERS,
        "neck": _blend((0.67, _SHOULDERS), (0.33, _EARS)),
        "head": _EARS,
    }
    names = ("shoulder", "elbow", "wrist", "pinky", "tip", "thumb", "hip", "knee", "ankle", "foot")
    for side, marks in _SIDES.items():
        recipes |= {f"{side}_{name}": {mark: 1.0} for name, mark in zip(names, marks, strict=True) if name != "pinky"}
        recipes[f"{side}_hand"] = {marks[3]: 0.5, marks[4]: 0.5}
    return recipes


def _matrix() -> np.ndarray:
    weights_VL = np.zeros((V, 33), np.float32)
    for name, recipe in _recipes().items():
        for mark, weight in recipe.items():
            weights_VL[JOINTS.index(name), mark] = weight
    return weights_VL


BRIDGE_VL = _matrix()
_NEEDS_VL = BRIDGE_VL > 0
TURN = np.array([-1.0, -1.0, 1.0], np.float32)


def mirrored(joints: np.ndarray) -> np.ndarray:
    """Return joints (..., 25, 3) as seen in a mirror: left and right change places, x is negated."""
    return joints[..., MIRROR, :] * MIRROR_SIGN_3


def bridge(world_L3: np.ndarray, visibility_L: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Convert BlazePose world landmarks to NTU joints.

    Args:
        world_L3: (..., 33, 3) metres, x right, y down, z away.
        visibility_L: (..., 33) in [0, 1].

    Returns:
        Joints (..., 25, 3) float32 metres in the axes above, and seen (..., 25) bool. A joint is seen if every landmark
        that it is made from is seen.

    Raises:
        ValueError: a shape is not that of 33 landmarks.
    """
    if world_L3.shape[-2:] != (33, 3) or visibility_L.shape != world_L3.shape[:-1]:
        raise ValueError(
            f"the bridge takes 33 landmarks of 3 metres and their visibility; got {world_L3.shape} and "
            f"{visibility_L.shape}"
        )
    joints_V3 = (BRIDGE_VL @ world_L3.astype(np.float32)) * TURN
    hidden_L = visibility_L < SEEN_FROM
    seen_V = ~np.asarray((hidden_L[..., None, :] & _NEEDS_VL).any(-1))
    return joints_V3, seen_V


def fill_lost(joints_TV3: np.ndarray, seen_TV: np.ndarray) -> np.ndarray:
    """Put each lost joint where its nearest seen ancestor is, so that a bone of length zero means "not known".

    The root (joint 21, between the shoulders) is taken as it is. A view without hips thus gives a lower body that lies
    at the root, the origin after centring. The model was trained to read this as unseen.

    Args:
        joints_TV3: (T, 25, 3) metres.
        seen_TV: (T, 25) bool.

    Returns:
        (T, 25, 3), a copy.
    """
    filled_TV3 = joints_TV3.copy()
    for v in OUTWARD[1:]:
        lost_T = ~seen_TV[:, v]
        filled_TV3[lost_T, v] = filled_TV3[lost_T, PARENTS[v]]
    return filled_TV3
