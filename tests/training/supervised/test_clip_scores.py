"""Whole clips as the app hears them, many windows at a time."""

from pathlib import Path

import numpy as np
import pytest
import torch

from app.stream.action_stream import FILE_HOP_S, ActionStream
from export.onnx import export_student
from export.runtime import ActionModel
from models.weights import StudentConfig
from training.data.tracks import Track
from training.drawing.motions import make_motion
from training.supervised.clip_scores import accuracy, clip_scores, heard_ends

LABELS = ("wave", "squat", "idle", "other")


def track(action: str, seconds: float, seed: int, rate: float = 15.0) -> Track:
    joints = make_motion(action, seconds, rate, seed)
    seen = np.ones(joints.shape[:2], bool)
    seen[:, 21:] = seed % 2 == 0
    return Track(3 + np.arange(len(joints)) / rate, joints, seen, action, "val", "motion", "camera")


TRACKS = [track("wave", 4.0, 0), track("squat", 1.2, 1), track("idle", 2.6, 2), track("wave", 3.4, 3, 24.0)]


def test_the_same_as_the_stream(tmp_path: Path) -> None:
    torch.manual_seed(3)
    config = StudentConfig(labels=LABELS, channels=(4, 8), strides=(2, 2), temperature=0.4, fusion=(0.5, 0.3, 0.2))
    student = config.build().eval()
    for weight in (p for p in student.parameters() if p.dim() > 1):
        torch.nn.init.normal_(weight, 0, 0.4)
    for head in student.heads.values():  # scores that differ from clip to clip
        torch.nn.init.normal_(head.weight, 0, 100)
    export_student(student, config, tmp_path / "student.onnx")
    model = ActionModel(tmp_path / "student.onnx", device="cpu", threads=1)
    score_NC = clip_scores(student, TRACKS, LABELS, model.window_s, model.frames)
    for one, score_C in zip(TRACKS, score_NC, strict=True):
        stream = ActionStream(model, FILE_HOP_S)
        for t, time_s in enumerate(one.times_T.tolist()):
            stream.push_joints(time_s, one.joints_TV3[t], one.seen_TV[t])
        stream.finish()
        np.testing.assert_allclose(score_C, stream.clip.mean_C, atol=2e-4)
    assert np.ptp(score_NC, axis=0).max() > 0.05


def test_windows_that_count() -> None:
    np.testing.assert_allclose(heard_ends(3.1, 2.5, 0.25), [2.5, 2.75, 3.0])
    np.testing.assert_allclose(heard_ends(2.5, 2.5, 0.25), [2.5])
    np.testing.assert_allclose(heard_ends(1.0, 2.5, 0.25), [1.0])


def test_accuracy_in_per_cent() -> None:
    assert accuracy(np.eye(4)[[0, 1, 1, 0]], TRACKS, LABELS) == 75.0


def test_no_clips_are_said() -> None:
    with pytest.raises(ValueError, match="no clips"):
        clip_scores(StudentConfig(labels=LABELS).build(), [], LABELS, 2.5, 50)
