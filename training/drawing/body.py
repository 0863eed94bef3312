"""Person built from a few numbers: where the pelvis, hands and feet are. Elbows and knees follow.

Axes as models.skeleton: x to the actor's right, y up, z away from the camera; the actor faces the camera (-z).
A pose is a dict of the names in REST. Hands are given from their own shoulder in arm lengths, feet and pelvis in
metres of a body 1.75 m tall from where they stand; each as (outward to its own side, up, forward). A pose may also hold
the names in EASE, by which the ways of doing an action (training.drawing.ways) differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.skeleton import JOINTS, V

REST: dict[str, tuple[float, ...]] = {
    "pelvis": (0.0, 0.0, 0.0),
    "lean": (0.0, 0.0),  # radians: forward, to the own left
    "turn": (0.0,),  # radians about y
    "left_hand": (0.13, -0.96, 0.06),
    "right_hand": (0.13, -0.96, 0.06),
    "left_foot": (0.0, 0.0, 0.0),
    "right_foot": (0.0, 0.0, 0.0),
    "head": (0.0, 0.0),  # radians: nod forward, to the own left
}
# Where the elbow is pushed and how the hand bends at the wrist, as the hand's place; metres that the shoulders are up.
EASE: dict[str, tuple[float, ...]] = {
    "left_elbow": (0.8, -0.7, -0.6),
    "right_elbow": (0.8, -0.7, -0.6),
    "left_wrist": (0.0, 0.0, 0.0),
    "right_wrist": (0.0, 0.0, 0.0),
    "shrug": (0.0,),
}


@dataclass(frozen=True, slots=True)
class Body:
    """Lengths of a body in metres. The defaults are a person 1.75 m tall."""

    scale: float = 1.0
    shoulder: float = 0.18
    hip: float = 0.095
    trunk: float = 0.50
    head: float = 0.24
    upper_arm: float = 0.28
    forearm: float = 0.25
    thigh: float = 0.43
    shin: float = 0.42
    stance: float = 0.11


def _bend(root_3: np.ndarray, goal_3: np.ndarray, first: float, second: float, pole_3: np.ndarray) -> np.ndarray:
    """Bend two bones from root towards goal, and return joint and end, (2, 3).

    The joint between them is pushed towards the pole.
    """
    reach_3 = goal_3 - root_3
    distance = float(np.clip(np.linalg.norm(reach_3), 0.15 * (first + second), 0.999 * (first + second)))
    along_3 = reach_3 / (np.linalg.norm(reach_3) + 1e-9)
    side_3 = pole_3 - along_3 * (pole_3 @ along_3)
    side_3 /= np.linalg.norm(side_3) + 1e-9
    x = (first**2 - second**2 + distance**2) / (2 * distance)
    bend = np.sqrt(max(first**2 - x**2, 0.0))
    return np.stack([root_3 + along_3 * x + side_3 * bend, root_3 + along_3 * distance])


def _turn_about(axis: int, angle: float) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    matrix_33 = np.eye(3)
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    matrix_33[i, i] = matrix_33[j, j] = c
    matrix_33[i, j], matrix_33[j, i] = -s, s
    return matrix_33


def joints_of(pose: Mapping[str, Sequence[float] | np.ndarray], body: Body) -> np.ndarray:
    """Place the joints of a body in a pose, (25, 3) float32 metres.

    The feet of a standing body are near y = 0.
    """
    p = {name: np.array(pose.get(name, rest), float) for name, rest in (REST | EASE).items()}
    out_V3 = np.zeros((V, 3))
    put = {name: i for i, name in enumerate(JOINTS)}
    height = 0.985 * (body.thigh + body.shin) + 0.08
    whole_33 = _turn_about(1, p["turn"][0])
    trunk_33 = whole_33 @ _turn_about(0, -p["lean"][0]) @ _turn_about(2, p["lean"][1])
    # own frame: right, up, forward -> x, y, -z
    pelvis_3 = whole_33 @ (p["pelvis"] * [1, 1, -1]) + [0, height, 0]
    top_3 = pelvis_3 + trunk_33 @ [0, body.trunk, 0]
    head_33 = trunk_33 @ _turn_about(0, -p["head"][0]) @ _turn_about(2, p["head"][1])
    out_V3[put["pelvis"]], out_V3[put["spine_shoulder"]] = pelvis_3, top_3
    out_V3[put["spine_mid"]] = (pelvis_3 + top_3) / 2
    out_V3[put["neck"]] = top_3 + head_33 @ [0, 0.33 * body.head, 0]
    out_V3[put["head"]] = top_3 + head_33 @ [0, body.head, -0.02]
    for side, sign in (("left", -1.0), ("right", 1.0)):
        own = np.array([sign, 1, -1])
        shoulder_3 = top_3 + trunk_33 @ [sign * body.shoulder, -0.02 + p["shrug"][0], 0]
        arm = body.upper_arm + body.forearm
        goal_3 = shoulder_3 + trunk_33 @ (p[f"{side}_hand"] * own * arm)
        pole_3 = trunk_33 @ (p[f"{side}_elbow"] * own)
        elbow_3, wrist_3 = _bend(shoulder_3, goal_3, body.upper_arm, body.forearm, pole_3)
        reach_3 = (wrist_3 - elbow_3) / body.forearm
        if p[f"{side}_wrist"].any():
            reach_3 = reach_3 + trunk_33 @ (p[f"{side}_wrist"] * own)
            reach_3 /= np.linalg.norm(reach_3) + 1e-9
        thumb_3 = whole_33 @ np.array([-0.5 * sign, 0.3, -0.6])
        hip_3 = pelvis_3 + whole_33 @ [sign * body.hip, -0.02, 0]
        foot_3 = whole_33 @ (p[f"{side}_foot"] * own + [sign * body.stance, 0, 0]) + [0, 0.08, 0]
        knee_3, ankle_3 = _bend(hip_3, foot_3, body.thigh, body.shin, whole_33 @ np.array([sign * 0.25, 0.1, -1.0]))
        parts = {
            "shoulder": shoulder_3, "elbow": elbow_3, "wrist": wrist_3, "hand": wrist_3 + 0.08 * reach_3,
            "tip": wrist_3 + 0.16 * reach_3, "thumb": wrist_3 + 0.07 * reach_3 + 0.04 * thumb_3,
            "hip": hip_3, "knee": knee_3, "ankle": ankle_3, "foot": ankle_3 + whole_33 @ [0, -0.05, -0.13],
        }  # fmt: skip
        for name, where_3 in parts.items():
            out_V3[put[f"{side}_{name}"]] = where_3
    return (out_V3 * body.scale).astype(np.float32)
