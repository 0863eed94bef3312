"""A model whose embedding is how a body moves, and recordings of drawn motions for it.

Shapes: T frames, V joints, N windows, D width of the embedding.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

import numpy as np

from app.teach.examples import Demonstration
from app.types import Pose
from models.skeleton import BRIDGE_VL
from tests.app.helpers import Scores
from training.drawing.motions import make_motion

FPS = 30.0
_motion = functools.cache(make_motion)  # many tests move alike


@dataclass
class MotionModel:
    """Three modalities: the mean, the spread and the speed of every joint about the shoulders."""

    labels: tuple[str, ...] = ("wave", "squat", "idle", "other")
    display: dict[str, str] = field(
        default_factory=lambda: {"wave": "waving", "squat": "squatting", "idle": "idle", "other": "something else"}
    )
    window_s: float = 2.5
    frames: int = 50
    modalities: tuple[str, ...] = ("joint", "bone", "motion")
    thresholds: dict[str, float] = field(default_factory=lambda: {"enter": 0.6, "leave": 0.4})
    provider: str = "none"
    version: str = "test"
    terms: str = ""
    embedding: str = "motion"

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray) -> Scores:
        body = joints_NTV3 - joints_NTV3[:, :, 20:21]
        parts = (body.mean(1), 4 * body.std(1), 8 * np.abs(np.diff(body, axis=1)).mean(1))
        embedding_ND = np.concatenate([part.reshape(len(body), -1) for part in parts], axis=1).astype(np.float32)
        fused_NC = np.tile(np.array([0.1, 0.1, 0.7, 0.1], np.float32), (len(body), 1))
        return Scores(fused_NC, np.repeat(fused_NC[:, None], 3, 1), embedding_ND)


def still(seconds: float) -> np.ndarray:
    """(T, V, 3) somebody who stands."""
    return np.repeat(_motion("idle", 2.0, FPS, 0)[:1], round(seconds * FPS), axis=0)


def recording_of(*joints_TV3: np.ndarray) -> Demonstration:
    """One after the other."""
    joints = np.concatenate(joints_TV3).astype(np.float32)
    return Demonstration(np.arange(len(joints)) / FPS, joints, np.ones(joints.shape[:2], bool))


def repeated(action: str, times: int, seed: int = 0, seconds: float = 1.5, pause_s: float = 1.0) -> Demonstration:
    """An action some times, with stillness before, between and after."""
    parts = [still(pause_s)]
    for i in range(times):
        parts += [_motion(action, seconds, FPS, seed + i), still(pause_s)]
    return recording_of(*parts)


def poses_of(recording: Demonstration, more: int = 0) -> list[tuple[float, list[Pose]]]:
    """The recording as frames of landmarks, with so many more people beside the one."""
    inverse_LV = np.linalg.pinv(BRIDGE_VL)
    frames = []
    for time_s, joints_V3 in zip(recording.times_T, recording.joints_TV3, strict=True):
        world_L3 = (inverse_LV @ (joints_V3 * [-1, -1, 1])).astype(np.float32)
        image_L3 = 0.1 * (world_L3 - world_L3.min(0)) + [0.1, 0.3, 0]
        people = [(image_L3 + [0.5 * k, 0, 0]).astype(np.float32) for k in range(1 + more)]
        frames.append((float(time_s), [Pose(float(time_s), world_L3, i, np.ones(33, np.float32)) for i in people]))
    return frames
