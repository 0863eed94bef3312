"""Small inputs and runs of the batch command that its tests share; all of it can travel to another process."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.batch.options import Options
from app.batch.run import Run
from app.types import Pose
from tests.app.helpers import HandModel, body, pose


def joints(*script: tuple[float, str], fps: float = 30) -> np.ndarray:
    """(T, 25, 3) of [(seconds, wave | squat | idle | lost), ...]."""
    frames = []
    for seconds, what in script:
        frame = np.zeros((25, 3)) if what == "lost" else body(what == "wave", what == "squat")
        frames += [frame] * round(seconds * fps)
    return np.array(frames, np.float32)


def save(path: Path, joints_TV3: np.ndarray, fps: float = 30.0) -> Path:
    """A recorded skeleton as a file of one clip."""
    np.savez(path, frames=joints_TV3, fps=fps)
    return path


def rows(folder: Path) -> dict[str, dict[str, str]]:
    """The summary's rows by the names of the inputs."""
    with open(folder / "summary.csv", encoding="utf-8", newline="") as file:
        return {os.path.basename(row["input"]): row for row in csv.DictReader(file)}


def lines(path: Path) -> list[dict]:
    """The events of one file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def listing(folder: Path) -> list[str]:
    """Files that a user sees."""
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))


def no_pose_model() -> Path:
    raise AssertionError("recorded skeletons need no pose model")


def run(
    inputs: list, out: Path, pose_model: Callable[[], Path] = no_pose_model, make_model=HandModel, **options
) -> int:
    """The command on these inputs with a model that can be foreseen; returns its exit code."""
    options = Options(out=Path(out), **options)
    return Run([str(i) for i in inputs], options, make_model(), "test", make_model, pose_model, "fake", 1)()


class FakePose:
    """Two people: one waving in front, one behind; nobody in a black picture."""

    def __init__(self, model_path: Path, num_poses: int = 2) -> None:
        pass

    def detect(self, rgb_HWC: np.ndarray, time_s: float) -> list[Pose]:
        if rgb_HWC.mean() < 1:
            return []
        return [pose(time_s, (0.7, 0.3, 0.8, 0.7)), pose(time_s, (0.1, 0.1, 0.4, 0.9), wave=True)]

    def __enter__(self) -> FakePose:
        return self

    def __exit__(self, *_: object) -> None:
        pass
