"""The reading in torch is that of numpy: bridge, losses, and windows at any rate."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from export.web.graph import sample_poses
from export.web.reading import Reading, window_starts
from models.resample import HOLD_S, read_window
from models.skeleton import CENTRE, JOINTS, bridge
from models.taught_clip import clip_frames, clip_seconds, first_frames

Sample = dict[str, np.ndarray]
READING = Reading(2.5, 50)
LEGS = list(range(25, 33))  # landmarks below the hips


def read(sample: Sample, starts: list[int], reading: Reading = READING) -> tuple[np.ndarray, np.ndarray]:
    windows, clip = reading(*map(torch.from_numpy, sample.values()), torch.tensor(starts))
    return windows.numpy(), clip.numpy()


def twin(sample: Sample, seconds: float = 2.5, frames: int = 50) -> np.ndarray:
    joints, seen = bridge(sample["landmarks"], sample["visibility"])
    return read_window(sample["times"], joints, seen, float(sample["end"][0]), seconds, frames)


def steady(frames: int, fps: float) -> Sample:
    """A sample at a steady rate in which everything is seen."""
    sample = sample_poses(frames, fps)
    times = np.arange(frames) / fps
    return sample | {"visibility": np.full((frames, 33), 0.9, np.float32), "times": times, "end": times[-1:]}


@pytest.mark.parametrize(
    ("poses", "fps"), [(1, 30), (2, 4), (9, 3), (28, 8), (90, 25), (105, 30), (210, 60), (700, 30)]
)
@pytest.mark.parametrize("back_s", [0.0, 0.07, -0.1, 1.3])
def test_window_and_clip(poses: int, fps: float, back_s: float) -> None:
    sample = sample_poses(poses, fps, seed=poses)
    sample["end"] = sample["times"][-1:] - back_s
    clip = twin(sample, 3.5, 70)
    (window,), own_clip = read(sample, window_starts(2.5, 50)["live"])
    np.testing.assert_allclose(window, twin(sample), atol=1e-6)
    np.testing.assert_allclose(own_clip, clip - clip[:1, CENTRE : CENTRE + 1], atol=1e-6)
    windows, _ = read(sample, window_starts(2.5, 50)["clip"])
    np.testing.assert_allclose(windows, [clip[k : k + 50] for k in first_frames(70, 50)], atol=1e-6)


@pytest.mark.parametrize("window_s", [1.0, 1.6, 2.0, 2.5, 4.0])
def test_windows_of_other_lengths(window_s: float) -> None:
    sample = sample_poses(150)
    (window,), clip = read(sample, window_starts(window_s, 50)["live"], Reading(window_s, 50))
    np.testing.assert_allclose(window, twin(sample, window_s), atol=1e-6)
    expected = twin(sample, clip_seconds(window_s), clip_frames(window_s, 50))
    np.testing.assert_allclose(clip, expected - expected[:1, CENTRE : CENTRE + 1], atol=1e-6)


@pytest.mark.parametrize("lost", [1, 7, 14, 15, 16, 29, 40])
@pytest.mark.parametrize("first", [0, 30, 75])
def test_a_wrist_that_is_lost(lost: int, first: int) -> None:
    """It is bridged up to half a second (15 frames, but for rounding), then held, then put on the elbow."""
    sample = steady(90, 30)
    sample["visibility"][first : first + lost, 15] = 0.29
    (window,), _ = read(sample, window_starts(2.5, 50)["live"])
    np.testing.assert_allclose(window, twin(sample), atol=1e-6)


def test_a_loss_is_as_long_as_the_clock_says() -> None:
    """Half a second exactly is bridged, whatever the clock's zero, as the times are doubles."""
    for zero_s in (0.0, 1e3, 1.7e9):
        sample = steady(16, 2 / HOLD_S)  # two frames in HOLD_S: one lost lies between them
        sample["visibility"][8, 15] = 0
        sample["times"], sample["end"] = sample["times"] + zero_s, sample["end"] + zero_s
        (window,), _ = read(sample, window_starts(2.5, 50)["live"])
        np.testing.assert_allclose(window, twin(sample), atol=1e-6)


@pytest.mark.parametrize("unseen", [LEGS, [23, 24, *LEGS], [7, 8], [13, 14, 15, 16], list(range(13, 33))])
def test_what_is_never_seen_collapses(unseen: list[int]) -> None:
    sample = steady(90, 30)
    sample["visibility"][:, unseen] = 0.1
    (window,), _ = read(sample, window_starts(2.5, 50)["live"])
    np.testing.assert_allclose(window, twin(sample), atol=1e-6)
    if unseen == [23, 24, *LEGS]:
        np.testing.assert_allclose(window[:, JOINTS.index("left_foot")], window[:, CENTRE], atol=1e-6)


def test_a_landmark_is_seen_from_the_same_visibility_on() -> None:
    sample = steady(2, 30)
    sample["visibility"][:] = np.float32(0.3)
    assert READING.bridge(*(torch.from_numpy(sample[name]) for name in ("landmarks", "visibility")))[1].all()
    sample["visibility"][:] = np.nextafter(np.float32(0.3), np.float32(0))
    assert not READING.bridge(*(torch.from_numpy(sample[name]) for name in ("landmarks", "visibility")))[1].any()
