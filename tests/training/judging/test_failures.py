"""Pictures of what a model gets wrong."""

from pathlib import Path

import numpy as np
import pytest

from training.drawing.jobs import DrawJob
from training.drawing.motions import MOTIONS
from training.judging import failures
from training.judging.failures import FRAMES, Case, look_for, picture, strip


class Model:
    """Says squat of everything."""

    labels = ("wave", "squat", "idle")
    modalities = ("joint",)
    thresholds = {"enter": 0.5, "leave": 0.3}
    window_s, frames = 2.5, 50

    def __call__(self, joints_NTV3: np.ndarray, frames_N: np.ndarray):
        from export.runtime import ModelScores

        row = np.array([[0.2, 0.7, 0.1]], np.float32).repeat(len(frames_N), 0)
        return ModelScores(row, row[:, None], row)


def seen(job: DrawJob, pose_model: Path) -> dict[str, np.ndarray]:
    """Of a squat nobody is found; else a person who stands for three seconds."""
    T = 2 if job.action == "squat" else 45
    world = np.random.default_rng(0).normal(0, 0.3, (1, 33, 3)).repeat(T, 0)
    return {"times": np.arange(T) / 15, "world": world, "visibility": np.ones((T, 33)), "found": np.float32(1)}


def test_motions_that_can_be_said_are_drawn_and_judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(failures, "see", seen)
    cases = look_for(Model(), tmp_path, 2)
    assert [c.job.action for c in cases] == ["wave", "wave", "squat", "squat", "idle", "idle"]
    assert len({c.job.seed for c in cases}) == 6 and min(c.job.seed for c in cases) > 10_000_000
    assert cases[0].answers == ("squat", "wave", "idle") and cases[0].wrong
    assert cases[2].answers == () and cases[2].wrong  # nobody was found


def test_what_is_right_is_no_failure() -> None:
    assert not Case(DrawJob("wave", "test", 1), ("wave", "squat")).wrong


def test_a_strip_of_frames_and_its_picture(tmp_path: Path) -> None:
    job = DrawJob(next(iter(MOTIONS)), "test", 5, film=True, rate=8)
    image = strip(job)
    assert image.shape[0] == 240 and image.dtype == np.uint8 and image.shape[1] % FRAMES == 0 and image.std() > 5
    picture([Case(job, ("squat",)), Case(job, ())], {"squat": "squatting"}, tmp_path / "failures.png")
    assert (tmp_path / "failures.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="no case"):
        picture([], {}, tmp_path / "none.png")
