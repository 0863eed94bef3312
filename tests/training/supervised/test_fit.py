"""Fusion, temperature, gate and thresholds of a student: from which clips, and in which order."""

import numpy as np
import pytest
import torch

from models.labels import SILENT
from models.student import Student
from models.weights import StudentConfig
from training.data.tracks import Track
from training.drawing.motions import make_motion
from training.supervised.clip_scores import clip_scores
from training.supervised.fit import fit
from training.supervised.recipe import Recipe
from training.supervised.stream_measures import Targets
from training.supervised.stream_scores import play_tracks
from training.supervised.stream_thresholds import measure

LABELS = ("wave", "squat", *SILENT)
SHAPE = {"channels": (4, 8), "strides": (2, 2)}
HOW = Recipe(window_s=2.5, **SHAPE)
FALSE_ALARMS = {"idle": 0.05, "other": 0.1}


def track(action: str, seed: int, domain: str) -> Track:
    joints = make_motion("wave" if action == "other" else action, 2.6, 15.0, seed).astype(np.float32)
    if action == "other":
        joints = joints[:, :, [0, 2, 1]]  # lying on the back, which no action does
    seen, times = np.ones(joints.shape[:2], bool), np.arange(len(joints)) / 15.0
    return Track(times, joints, seen, action, "val", "motion", domain)


@pytest.fixture(scope="module")
def tracks() -> list[Track]:
    return [track(action, seed, ("raw", "camera", "webcam")[seed % 3]) for seed in range(30) for action in LABELS]


@pytest.fixture
def student() -> Student:
    torch.manual_seed(0)
    student = StudentConfig(labels=LABELS, **SHAPE).build().eval()
    for head in student.heads.values():
        torch.nn.init.normal_(head.weight, 0, 30)
    return student


def test_recorded_clips_do_not_set_the_temperature(student: Student, tracks: list[Track]) -> None:
    fitted = fit(student, tracks, HOW, LABELS, FALSE_ALARMS)
    assert (student.temperature, student.fusion) == (fitted["temperature"], fitted["fusion"])
    assert student.gate is None and not fitted["gate"]
    assert StudentConfig(labels=LABELS, **SHAPE, **fitted).thresholds == fitted["thresholds"]
    seen = [one for one in tracks if one.domain != "raw"]
    assert fit(student, seen, HOW, LABELS, FALSE_ALARMS) == fitted
    wrong = [track("squat" if one.action == "wave" else one.action, 3 * k, "raw") for k, one in enumerate(tracks[:40])]
    assert fit(student, seen + wrong, HOW, LABELS, FALSE_ALARMS) == fitted


def test_fusion_that_is_given_stays(student: Student, tracks: list[Track]) -> None:
    assert fit(student, tracks, HOW, LABELS, FALSE_ALARMS, (0.2, 0.3, 0.5))["fusion"] == (0.2, 0.3, 0.5)


def test_the_gate_tells_no_action_from_the_actions(student: Student, tracks: list[Track]) -> None:
    some = [one for one in tracks if one.action != "idle"]
    taught, held = some[: len(some) // 3], tracks[len(tracks) // 3 :]
    before = fit(student, held, HOW, LABELS, FALSE_ALARMS)
    ungated = clip_scores(student, held, LABELS, 2.5, 50)
    fitted = fit(student, held, HOW, LABELS, FALSE_ALARMS, training=taught)
    gated = clip_scores(student, held, LABELS, 2.5, 50)
    assert fitted["gate"] and student.gate is not None
    assert (fitted["temperature"], fitted["fusion"]) == (before["temperature"], before["fusion"])
    known, other = (np.array([one.action in names for one in held]) for names in (("wave", "squat"), ("other",)))
    right = lambda said: min((said[known] > 0.5).mean(), (said[other] < 0.5).mean())  # noqa: E731
    assert right(gated[:, :2].sum(1)) > 0.8 > 0.5 > right(ungated[:, :2].sum(1))


def test_thresholds_are_chosen_on_the_stream_if_that_is_asked_for(student: Student, tracks: list[Track]) -> None:
    said: list[str] = []
    targets = Targets(minute=0.7, shares={"other": 0.05})
    fitted = fit(student, tracks, HOW, LABELS, FALSE_ALARMS, training=tracks, events=targets, note=said.append)
    seen = [one for one in tracks if one.domain != "raw"]
    played = play_tracks(student, seen, LABELS, HOW.window_s, HOW.frames)
    found = measure(played, LABELS, fitted["thresholds"])
    assert found.quiet.meets(targets) and f"thresholds {fitted['thresholds']}" in said[0]
    assert fitted["thresholds"] != fit(student, tracks, HOW, LABELS, FALSE_ALARMS, training=tracks)["thresholds"]
