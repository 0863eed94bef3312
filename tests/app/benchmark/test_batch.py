"""The benchmark's own parts, and the memory that it is there to watch."""

from __future__ import annotations

import numpy as np
import pytest

from app.benchmark.batch import _resident_mb, compare, loop, remember
from app.sources.video import VideoReader
from tests.app.batch.helpers import FakePose, rows, run
from tests.app.helpers import write_video


def test_a_looped_video_has_all_frames_at_a_steady_rate(tmp_path):
    path = loop(write_video(tmp_path / "a.mp4", np.arange(30) / 30), tmp_path / "b.mp4", 4.5)
    with VideoReader(path) as video:
        times_s = [time_s for time_s, _ in video]
    np.testing.assert_allclose(times_s, np.arange(150) / 30, atol=2e-3)
    assert video.note == ""


@pytest.mark.parametrize("frames", [1250, pytest.param(5000, marks=pytest.mark.slow)])
@pytest.mark.slow
def test_memory_is_flat_along_a_long_video(tmp_path, monkeypatch, frames):
    """All outputs: what is held after a third of the frames is what is held at the end."""
    held = []

    class Watched(FakePose):
        def detect(self, rgb_HWC, time_s):
            held.append(_resident_mb())
            return super().detect(rgb_HWC, time_s)

    monkeypatch.setattr("app.pose.landmarker.PoseSource", Watched)
    grey = np.full((96, 128, 3), 128, np.uint8)
    once = write_video(tmp_path / "a.mp4", np.arange(250) / 25, (128, 96), picture=grey)
    path = loop(once, tmp_path / "b.mp4", frames / 25 - 5)
    options = {"annotate": True, "skeletons": True, "vtt": True, "csv": True}
    assert run([path], tmp_path / "out", lambda: tmp_path, **options) == 0
    assert int(rows(tmp_path / "out")["b.mp4"]["frames"]) == len(held) == frames
    third = frames // 3
    assert np.median(held[-100:]) - np.median(held[third : third + 100]) < 4  # MB; 750 pictures are 28


@pytest.mark.slow
def test_both_measurements_run(example_video, pose_model_path, pretrained):
    result = compare(example_video, workers=2, seconds=1, rounds=1)
    assert len(result["ratios"]) == 1 and result["ratio"] > 0 and result["processor_ratios"][0] > 0
    assert remember(example_video, 0.01, annotate=True)["frames"] == 675


def test_more_workers_than_cores_are_refused(example_video):
    with pytest.raises(ValueError, match="this process may use"):
        compare(example_video, workers=4096, seconds=1, rounds=1)
