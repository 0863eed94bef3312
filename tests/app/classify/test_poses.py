"""From a file to poses: a video and a recording of landmarks alike, within bounds, with what was wrong told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.classify.one_input import classify_video
from app.classify.poses import TooLongError, poses_of
from app.landmarks.codec import LandmarkError
from app.landmarks.writer import LandmarkWriter
from models.skeleton import BRIDGE_VL
from tests.app.batch.helpers import FakePose
from tests.app.helpers import HandModel, pose, write_video
from tests.bodies import waving

FPS = 15.0


def recorded(path: Path, frames: int = 60) -> Path:
    """Somebody who waves, seen from 2 s after the recording's begin on."""
    with LandmarkWriter(path, {"pose": "wheel"}) as writer:
        for i in range(frames):
            time_s = 2 + i / FPS
            writer.add(time_s, [(0, pose(time_s, wave=True))])
    return path


def no_pose() -> FakePose:
    raise AssertionError("recorded landmarks need nobody to find people")


def test_a_video_gives_everybody_in_each_picture(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", np.arange(30) / FPS, picture=np.full((48, 64, 3), 200, np.uint8))
    with poses_of(path, lambda: FakePose(tmp_path), pictures=True) as played:
        frames = list(played.frames)
    assert [len(frame.poses) for frame in frames] == [2] * 30
    assert frames[15].time_s == pytest.approx(1.0) and frames[0].rgb_HWC is not None
    assert played.settings == {"height": 48, "width": 64} and played.notes == []
    assert played.claimed_s == pytest.approx(2.0, abs=0.1)
    with poses_of(path, lambda: FakePose(tmp_path)) as played:
        assert all(frame.rgb_HWC is None for frame in played.frames)


def test_a_recording_gives_the_same_without_pictures(tmp_path: Path) -> None:
    with poses_of(recorded(tmp_path / "a.ikem"), no_pose) as played:
        frames = list(played.frames)
    assert [len(frame.poses) for frame in frames] == [1] * 60 and frames[0].time_s == pytest.approx(2.0)
    assert played.settings == {"pose": "wheel"} and played.notes == []
    assert played.claimed_s == pytest.approx(2 + 59 / FPS)


def test_what_was_wrong_is_told_after_the_last_frame(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.ikem")
    path.write_bytes(path.read_bytes()[:-10])
    with poses_of(path, no_pose) as played:
        assert played.notes == [] and len(list(played.frames)) == 60
    assert len(played.notes) == 1 and "ends early" in played.notes[0]


def test_a_file_that_is_too_long_is_refused_in_words(tmp_path: Path) -> None:
    path = recorded(tmp_path / "a.ikem")
    with poses_of(path, no_pose, longest_s=3.0) as played, pytest.raises(TooLongError) as told:
        list(played.frames)
    assert str(told.value) == f"{path}: longer than 3 s: cut out the parts that show the action"


def test_a_recording_is_classified_as_a_video_is(tmp_path: Path) -> None:
    result = classify_video(recorded(tmp_path / "a.ikem", 90), HandModel())
    summary, events = result.summary, result.events
    assert (summary.label, summary.frames, summary.people) == ("wave", 90, 1)
    assert summary.fps == pytest.approx(FPS) and summary.seconds == pytest.approx(6.0)
    assert [event.label for event in events] == ["wave"] and events[0].start_s == pytest.approx(2.0, abs=0.3)


def figures(path: Path, times: float = 1.0, down: bool = False, noise_m: float = 0.0) -> Path:
    """Somebody with a person's limbs, of so many times their lengths, for three seconds."""
    rng, joints_TV3 = np.random.default_rng(0), waving(45, FPS)
    with LandmarkWriter(path, {}) as writer:
        for i, joints_V3 in enumerate(joints_TV3 - joints_TV3[:, :1]):
            world_L3 = np.linalg.pinv(BRIDGE_VL) @ joints_V3 * ([-1, 1, 1] if down else [-1, -1, 1]) * times
            world_L3 += noise_m * rng.normal(size=(33, 3))
            one = pose(i / FPS)
            writer.add(i / FPS, [(0, replace(one, world_V3=world_L3.astype(np.float32)))])
    return path


@pytest.mark.parametrize("times", [0.4, 1.0, 1.3])
def test_people_of_all_sizes_are_taken(tmp_path: Path, times: float) -> None:
    with poses_of(figures(tmp_path / "a.ikem", times), no_pose) as played:
        assert [len(frame.poses) for frame in played.frames] == [1] * 45
    assert played.notes == []


@pytest.mark.parametrize("times", [0.01, 3.281, 6.0])
def test_landmarks_that_are_no_metres_are_refused(tmp_path: Path, times: float) -> None:
    with pytest.raises(LandmarkError, match="a.ikem: limbs of"):
        classify_video(figures(tmp_path / "a.ikem", times), HandModel())


def test_bodies_upside_down_are_noted_and_noise_is_nobody(tmp_path: Path) -> None:
    assert "y runs down" in classify_video(figures(tmp_path / "a.ikem", down=True), HandModel()).summary.status
    status = classify_video(figures(tmp_path / "b.ikem", noise_m=1.0), HandModel()).summary.status
    assert status.startswith("no person: the joints have no limb lengths of a person")
