"""Recordings of people at webcams, as .ikem files: alone, and two of them side by side.

Shapes: L landmarks (33).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.landmarks.writer import LandmarkWriter
from app.types import Pose

FOLDER = Path(__file__).parent  # of the scripts that read and play them in JavaScript
GAPS_S = (0.5, 1.5)  # between two clips, in turn: an action outlasts the first
HALF = 0.5  # of the picture's width, which each of two people has
Frame = tuple[float, list[Pose]]


def recordings(data: Path, many: int) -> list[list[Frame]]:
    """Return recordings of several clips each, in the file's order; the first ones of twenty."""
    path = data / "poses" / "mediapipe_webcam.npz"
    if not path.exists():
        pytest.skip(f"there is no {path.name} in ../shared/data/poses")
    with np.load(path) as file:
        held = {name: file[name] for name in ("world", "image", "visibility", "start", "length", "fps", "part")}
    found = []
    for clips in np.array_split(np.flatnonzero(held["part"] == "val"), 20)[:many]:
        frames, time_s = [], 0.0
        for k, clip in enumerate(clips):
            first, fps = held["start"][clip], float(held["fps"][clip])
            for i in range(held["length"][clip]):
                arrays = (held[name][first + i].astype(np.float32) for name in ("world", "image", "visibility"))
                frames.append((time_s + i / fps, [Pose(time_s + i / fps, *arrays)]))
            time_s = frames[-1][0] + GAPS_S[k % 2]
        found.append(frames)
    return found


def side_by_side(left: list[Frame], right: list[Frame], seconds: float) -> list[Frame]:
    """Return one recording of two people, each in a half of the picture, at the times of the first."""
    times_T, frames = np.array([time_s for time_s, _ in right]), []
    for time_s, (pose,) in left:
        k = int(np.abs(times_T - time_s).argmin())
        if time_s <= seconds and abs(times_T[k] - time_s) < 0.05:
            frames.append((time_s, [_half(pose, time_s, 0.0), _half(right[k][1][0], time_s, HALF)]))
    return frames


def _half(pose: Pose, time_s: float, left: float) -> Pose:
    image_L3 = pose.image_V3 * np.float32([HALF, 1, HALF]) + np.float32([left, 0, 0])
    return replace(pose, time_s=time_s, image_V3=image_L3)


def write_recording(path: Path, frames: list[Frame]) -> Path:
    """Write a recording to a new file."""
    with LandmarkWriter(path) as writer:
        for time_s, poses in frames:
            writer.add(time_s, list(enumerate(poses)))
    return path
