"""Repetitions are cut out of recordings."""

from __future__ import annotations

import numpy as np
import pytest

from app.teach.examples import Demonstration, TeachError, clip_of, repetitions, windows_of
from app.types import PosedFrame
from models.skeleton import CENTRE
from models.taught_clip import SHIFTS, clip_frames
from tests.app.helpers import pose
from tests.app.teach.helpers import FPS, recording_of, repeated, still
from training.drawing.motions import make_motion


@pytest.mark.parametrize("times", [1, 3, 5])
@pytest.mark.parametrize("action", ["wave", "jumping_jack", "punch"])
def test_each_repetition_is_found_where_it_is(action: str, times: int) -> None:
    spans = repetitions(repeated(action, times), longest_s=2.5)
    assert len(spans) == times
    for i, (start_s, end_s) in enumerate(spans):
        begins = 1.0 + i * 2.5
        assert abs(start_s - begins) < 0.4 and abs(end_s - begins - 1.5) < 0.4


def test_movement_without_a_pause_is_cut_evenly() -> None:
    spans = repetitions(recording_of(still(1), make_motion("jumping_jack", 9.0, FPS, 0), still(1)), longest_s=2.5)
    lengths = [end_s - start_s for start_s, end_s in spans]
    assert len(spans) == 4 and max(lengths) - min(lengths) < 0.01
    assert all(a[1] == b[0] for a, b in zip(spans, spans[1:]))


def test_a_pose_that_is_held_is_an_example_too() -> None:
    assert repetitions(recording_of(still(2.0)), longest_s=2.5) == [(0.0, pytest.approx(2.0, abs=0.05))]


def test_a_twitch_is_no_repetition() -> None:
    twitch = still(0.1)
    twitch[:, 5:8] += 0.08
    spans = repetitions(
        recording_of(still(1), make_motion("punch", 1.5, FPS, 0), still(1.5), twitch, still(1.5)), longest_s=2.5
    )
    assert len(spans) == 1 and spans[0][0] < 1.5


def test_a_clip_lies_about_its_repetition() -> None:
    recording = repeated("wave", 2)
    clip = clip_of(recording, 1.0, 2.5, 2.5, 50)
    assert clip.shape == (clip_frames(2.5, 50), 25, 3) == (70, 25, 3)
    np.testing.assert_allclose(clip[0, CENTRE], 0, atol=1e-6)
    speed = np.linalg.norm(np.diff(clip, axis=0), axis=2).max(1)
    assert speed[20:50].mean() > 3 * speed[:6].mean()  # 1 s of movement in the middle, stillness before


def test_windows_of_a_clip_go_from_its_start_to_its_end() -> None:
    clip = np.arange(70, dtype=np.float32)[:, None, None] * np.ones((25, 3), np.float32)
    windows = windows_of(clip[None], 50)[0]
    assert windows.shape == (SHIFTS, 50, 25, 3)
    assert windows[:, 0, 0, 0].tolist() == [0, 5, 10, 15, 20] and windows[-1, -1, 0, 0] == 69


def seen(times_s: np.ndarray, people: int = 1) -> list[PosedFrame]:
    return [
        PosedFrame(float(t), [pose(float(t), (0.3 * i, 0.2, 0.3 * i + 0.2 - 0.01 * i, 0.8)) for i in range(people)])
        for t in times_s
    ]


def nobody(frames: range) -> list[PosedFrame]:
    return [PosedFrame(t / 30, []) for t in frames]


def test_poses_become_joints() -> None:
    recording = Demonstration.from_poses(seen(np.arange(30) / 15))
    assert recording.joints_TV3.shape == (30, 25, 3) and recording.seen_TV.all()
    assert recording.times_T[-1] == pytest.approx(29 / 15)


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], "nobody was in view long enough"),
        (seen(np.arange(5) / 30), "nobody was in view long enough"),
        (nobody(range(60)), "nobody is in view most of the time"),
        (seen(np.arange(30) / 30) + nobody(range(30, 160)), "nobody is in view most of the time"),
        (seen(np.arange(40) / 20, people=2), "two people are in view"),
    ],
)
def test_what_teaches_nothing(frames: list, message: str) -> None:
    with pytest.raises(TeachError, match=message):
        Demonstration.from_poses(frames)


def test_a_body_that_was_found_twice_is_one_person() -> None:
    once = seen(np.arange(30) / 15)
    twice = [PosedFrame(t, [*poses, pose(t, (0.01, 0.2, 0.2, 0.81))]) for t, poses, _ in once]
    recording = Demonstration.from_poses(twice)
    np.testing.assert_array_equal(recording.joints_TV3, Demonstration.from_poses(once).joints_TV3)
