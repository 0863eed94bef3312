"""Scenes of several people who walk past one another, as a pose landmarker would give them, to judge trackers by.

Nothing is drawn: motions written by hand are seen by a camera, and their landmarks get noise, losses and gaps. A person
who is farther from the camera is lost for a while when somebody passes in front of them.

Shapes: T frames, V joints (25), L landmarks (33), P people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.types import LANDMARKS, Pose
from models.labels import IDLE
from models.skeleton import JOINTS
from training.drawing.draw import PinholeCamera
from training.drawing.motions import make_motion

SECONDS = 8.0
GAP_S = (0.2, 1.5)  # how long a person whom somebody passes is out of sight
DROPPED = 0.05  # share of the frames in which a person is missed for no reason
NOISE = 0.012  # of a landmark, in sides of a square as large as the body's box
_STANDING = ("wave", "clap", IDLE, "squat")
_BODY = ("shoulder", "elbow", "wrist", "hand", "tip", "thumb", "hip", "knee", "ankle", "ankle", "foot")
_JOINT_OF_L = np.array(
    [JOINTS.index("head")] * 11 + [JOINTS.index(f"{side}_{part}") for part in _BODY for side in ("left", "right")]
)
# Nose, eyes, ears and mouth about the middle of the head, metres.
_FACE_3 = np.array([(0, 0, -0.1), *[(s * x, 0.03, -0.08) for s in (-1, 1) for x in (0.02, 0.03, 0.04)]])
_FACE_L3 = np.concatenate(
    [_FACE_3, [(-0.07, 0, 0), (0.07, 0, 0), (-0.02, -0.05, -0.09), (0.02, -0.05, -0.09)], np.zeros((22, 3))]
)
assert len(_JOINT_OF_L) == len(_FACE_L3) == LANDMARKS


@dataclass(frozen=True, slots=True)
class Crowd:
    """Scene of several people.

    Attributes:
        times_T: seconds.
        frames: for each time the poses found, in any order, each with the number of the person it is of.
    """

    times_T: np.ndarray
    frames: list[list[tuple[int, Pose]]]


def crowd(people: int, fps: float, seed: int) -> Crowd:
    """Make a scene of `people`, of whom at least two cross.

    Everything random comes from the seed, whatever the frame rate.
    """
    rng = np.random.default_rng([seed, people])
    dense_T = np.arange(round(SECONDS * 30)) / 30
    camera = PinholeCamera(distance=float(rng.uniform(3.6, 4.6)), height=float(rng.uniform(1.0, 1.8)))
    depth_P = rng.permutation(people) * rng.uniform(0.5, 0.8)
    paths = [_path(p, dense_T, rng) for p in range(people)]
    seen = [_seen(joints, x_T, depth, camera) for (joints, x_T), depth in zip(paths, depth_P)]
    x_PT = np.stack([image[:, [11, 12, 23, 24], 0].mean(1) for image in seen])
    hidden_PT = _hidden(x_PT, depth_P, dense_T, rng)
    frames, times = [], []
    for t in np.unique(np.round(np.arange(0, SECONDS, 1 / fps) * 30).astype(int)):
        if t >= len(dense_T):
            break
        shown = [p for p in rng.permutation(people).tolist() if not hidden_PT[p, t] and 0.02 < x_PT[p, t] < 0.98]
        time_s = float(dense_T[t])
        frames.append([(p, _pose(time_s, seen[p][t], rng)) for p in shown if rng.random() >= DROPPED])
        times.append(time_s)
    return Crowd(np.array(times), frames)


def _path(p: int, times_T: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the joints about the person's own place, and that place across the picture, in metres.

    The first two walk across from either side; others do the same, turn back half way, or stay.
    """
    side = 1 if p % 2 else -1
    kind = "cross" if p < 2 else ("cross", "turn back", "stay")[rng.integers(3)]
    seed = int(rng.integers(1 << 30))
    if kind == "stay":
        joints = make_motion(_STANDING[rng.integers(4)], SECONDS, 30, seed)
        return joints, np.full(len(times_T), rng.uniform(-1.0, 1.0))
    speed, middle_s, at = rng.uniform(0.5, 1.5), rng.uniform(2.5, 5.5), rng.uniform(-0.5, 0.5)
    gone_T = speed * (times_T - middle_s)
    x_T = at + side * (gone_T if kind == "cross" else -np.abs(gone_T))
    turned = PinholeCamera(yaw=float(-side * rng.uniform(0.6, 1.0) * np.pi / 2))
    return turned.turned(make_motion("walk", SECONDS, 30, seed)), x_T


def _seen(joints_TV3: np.ndarray, x_T: np.ndarray, depth: float, camera: PinholeCamera) -> np.ndarray:
    """Project joints to landmarks in fractions of the picture, (T, L, 3).

    Depth is left 0.
    """
    image_TL3 = np.zeros((len(joints_TV3), LANDMARKS, 3), np.float32)
    for t, (joints_V3, x) in enumerate(zip(joints_TV3, x_T)):
        landmarks_L3 = joints_V3[_JOINT_OF_L] + _FACE_L3 + [x, 0, depth]
        image_TL3[t, :, :2] = camera.see(landmarks_L3.astype(np.float32))[0] / camera.size
    return image_TL3


def _hidden(x_PT: np.ndarray, depth_P: np.ndarray, times_T: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the frames in which each person is hidden, (P, T) bool.

    The farther of two is lost around the moments in which one passes the other.
    """
    hidden_PT = np.zeros(x_PT.shape, bool)
    for near in range(len(x_PT)):
        for far in range(len(x_PT)):
            if depth_P[far] <= depth_P[near]:
                continue
            ahead_T = np.sign(x_PT[far] - x_PT[near])
            for moment_s in times_T[1:][ahead_T[1:] != ahead_T[:-1]]:
                hidden_PT[far] |= np.abs(times_T - moment_s) < rng.uniform(*GAP_S) / 2
    return hidden_PT


def _pose(time_s: float, image_L3: np.ndarray, rng: np.random.Generator) -> Pose:
    """Return the pose that a landmarker would give, with noise and a visibility of each landmark."""
    size = float(np.sqrt(np.prod(np.ptp(image_L3[:, :2], axis=0))))
    noisy_L3 = image_L3.copy()
    noisy_L3[:, :2] += rng.normal(0, NOISE * size, (LANDMARKS, 2)) + rng.normal(0, NOISE * size, 2)
    visibility_L = np.clip(rng.normal(0.9, 0.1, LANDMARKS), 0.1, 1).astype(np.float32)
    return Pose(time_s, np.zeros((LANDMARKS, 3), np.float32), noisy_L3, visibility_L)
