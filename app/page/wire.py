"""The coding of poses, windows and tracks for the page's scripts: numbers as int16 in base64 text.

Shapes: L landmarks (33), V joints (25), T frames, K poses of a track.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np

from app.corrections.replay import Replay
from app.types import LANDMARKS, PersonState, Pose

POSE_STEP = 1e-4  # of a frame's width or height, and of visibility
JOINT_STEP = 1e-3  # metres
MOST_POSES = 12_000  # most poses of one recording: 2.4 MB, ten minutes of one person at 20 frames a second
_LARGEST = 32_767


def pack(numbers: np.ndarray, step: float = 1.0) -> str:
    """Code numbers of any shape as base64 of little-endian int16, in units of `step`; what is too large is clipped."""
    whole = np.clip(np.rint(np.asarray(numbers, np.float64) / step), -_LARGEST, _LARGEST)
    return base64.b64encode(whole.astype("<i2").tobytes()).decode("ascii")


def pose_L3(pose: Pose) -> np.ndarray:
    """Return (33, 3): x and y as fractions of the frame, and visibility."""
    return np.column_stack([pose.image_V3[:, :2], pose.visibility_V])


def pack_pose(pose: Pose | None) -> str | None:
    """Code a pose in units of POSE_STEP, or return None if there is no pose."""
    return None if pose is None else pack(pose_L3(pose), POSE_STEP)


class PoseTrack:
    """The poses of everybody through a recording, for drawing over it; its size is limited.

    It starts with every frame. Whenever it is full it drops every second of its frames, and from then on takes only
    every second of the frames that it took before.

    Args:
        most: largest number of poses to hold.

    Attributes:
        replay: all of them with their landmarks, to be played again.
    """

    def __init__(self, most: int = MOST_POSES) -> None:
        self.replay = Replay()
        self._most, self._stride, self._frames = most, 1, 0
        self._kept: list[tuple[int, float, tuple[int, bool], np.ndarray]] = []  # frame, s, (person, main), (L, 3) int16

    def add(self, time_s: float, persons: Sequence[PersonState]) -> None:
        """Add one frame."""
        seen = [(state.pose, state.person) for state in persons if state.pose is not None]
        self.replay.add(time_s, [pose for pose, _ in seen], [person for _, person in seen])
        frame, self._frames = self._frames, self._frames + 1
        if frame % self._stride:
            return
        for state in persons:
            if state.pose is not None:
                points_L3 = np.clip(np.rint(pose_L3(state.pose) / POSE_STEP), -_LARGEST, _LARGEST).astype(np.int16)
                self._kept.append((frame, time_s, (state.person, state.main), points_L3))
        while len(self._kept) > self._most:
            self._stride *= 2
            self._kept = [pose for pose in self._kept if pose[0] % self._stride == 0]

    def json(self) -> dict:
        """Return the packed arrays times, persons and points, in the order of time.

        times (K, 2) are whole seconds and ms; persons (K, 2) are number and whether the main one; points are
        (K, 33, 3).
        """
        times_ms = np.array([round(1000 * time_s) for _, time_s, _, _ in self._kept], np.int64)
        points = [points_L3 for *_, points_L3 in self._kept]
        return {
            "times": pack(np.column_stack([times_ms // 1000, times_ms % 1000])),
            "persons": pack(np.array([person for _, _, person, _ in self._kept])),
            "points": pack(np.stack(points) if points else np.zeros((0, LANDMARKS, 3))),
        }
