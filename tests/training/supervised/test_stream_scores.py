"""Windows and words of clips as the app's stream has them."""

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
from training.supervised.stream_scores import Played, Run, play_tracks, said

LABELS = ("wave", "squat", "idle", "other")


def track(action: str, seconds: float, seed: int) -> Track:
    joints = make_motion(action, seconds, 15.0, seed)
    return Track(3 + np.arange(len(joints)) / 15, joints, np.ones(joints.shape[:2], bool), action, "val", "m", "camera")


class Recorder:
    """A model that notes the windows it was asked for."""

    def __init__(self, model: ActionModel) -> None:
        self.model, self.scores = model, []

    def __getattr__(self, name: str) -> object:
        return getattr(self.model, name)

    def __call__(self, joints: np.ndarray, frames: np.ndarray):
        answer = self.model(joints, frames)
        self.scores.append(answer.fused_NC)
        return answer


@pytest.mark.slow
def test_the_same_windows_as_the_stream(tmp_path: Path) -> None:
    torch.manual_seed(3)
    config = StudentConfig(labels=LABELS, channels=(4, 8), strides=(2, 2), temperature=0.4, gate=True)
    student = config.build().eval()
    assert student.gate is not None
    student.gate.direction_D.normal_()
    for head in student.heads.values():
        torch.nn.init.normal_(head.weight, 0, 30)
    export_student(student, config, tmp_path / "student.onnx")
    model = ActionModel(tmp_path / "student.onnx", device="cpu", threads=1)
    late = track("wave", 8.0, 3)
    late.seen_TV[45:70] = False  # out of sight for longer than an action outlasts
    late.seen_TV[90:93] = False
    tracks = [track("wave", 4.0, 0), track("squat", 1.2, 1), track("idle", 2.6, 2), late, track("idle", 0.3, 4)]
    played = play_tracks(student, tracks, LABELS, model.window_s, model.frames, FILE_HOP_S)
    for one, clip in zip(tracks, played, strict=True):
        recorder = Recorder(model)
        stream = ActionStream(recorder, FILE_HOP_S)
        for frame in one.played():
            stream.push_joints(*frame)
        found = [scores_C for run in clip.runs for scores_C in run.scores_WC]
        asked = recorder.scores
        assert len(found) == len(asked)
        if found:
            np.testing.assert_allclose(np.stack(found), np.concatenate(asked), atol=2e-4)
    assert len(played[3].runs) == 2 and played[4].runs == ()
    assert (played[0].action, played[0].domain, played[0].seconds) == ("wave", "camera", tracks[0].seconds)


def clip(wave: list[float]) -> Played:
    scores = np.array([[w, 0.0, 1 - w, 0.0] for w in wave])
    return Played("wave", "camera", len(wave) / 4, (Run(3 + np.arange(len(wave)) / 4, scores),), max(wave))


@pytest.mark.parametrize(
    ("wave", "words"),
    [
        ([0.9] * 8, ["wave"]),
        ([0.9] + [0.0] * 8, []),  # it fades in the second window, within half a second
        ([0.9] * 6 + [0.0] * 8 + [0.9] * 6, ["wave", "wave"]),
        ([0.55] * 8, []),
        ([], []),
    ],
)
def test_words(wave: list[float], words: list[str]) -> None:
    some = clip(wave) if wave else Played("idle", "camera", 0.1, (), 0.0)
    assert said(some, LABELS, {"enter": 0.6, "leave": 0.4}) == words


def test_words_by_thresholds_of_ones_own() -> None:
    thresholds = {"enter": 0.6, "leave": 0.4, "by_label": {"wave": 0.5}}
    assert said(clip([0.55] * 8), LABELS, thresholds) == ["wave"]
