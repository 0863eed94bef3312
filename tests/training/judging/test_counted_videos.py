"""Videos that were counted by eye: the counter and the app's events side by side; those without a number as well."""

from __future__ import annotations

import numpy as np
import pytest

from app.types import ActionEvent, Answer
from tests.app.counting.figures import bumps, figure, times
from tests.app.helpers import pose
from training.judging import counted_videos
from training.judging.counted_videos import count_videos


@pytest.fixture
def videos(tmp_path):
    (tmp_path / "labels.csv").write_text(
        "file,action,kind,part,what\na.mp4,squat,clip,val,\nb.mp4,idle,idle,val,\nc.mp4,squat,clip,test,\nd.mp4,,other,val,\n"
    )
    (tmp_path / "reps.csv").write_text("file,action,reps,how\nd.mp4,,2,\na.mp4,squat,3,\n")
    return tmp_path


def test_what_is_counted_by_eye_comes_first(videos, monkeypatch):
    """The app is told three squats in a.mp4, and sees no event in the others."""
    times_T = times(8, 20)
    joints_TV3 = figure(bumps(times_T, [1, 3, 5]))
    monkeypatch.setattr(
        counted_videos, "bridge", lambda world, visibility: (joints_TV3[int(world[0, 0])], np.ones(25, bool))
    )

    def watch(path, model, pose_model, on_frame):
        for k, time_s in enumerate(times_T.tolist()):
            body = pose(time_s)
            body.world_V3[0, 0] = k
            on_frame(time_s, None, Answer(time_s, 1, body, None, 0.0, None, None))
        event = ActionEvent(0, "squat", 0.5, 7.0, 0.9, (), {}, 4, (2.0, 4.0, 6.0, 6.5))
        return type("Result", (), {"events": (event,) if path.name == "a.mp4" else ()})

    monkeypatch.setattr("app.classify.one_input.classify_video", watch)
    rows = count_videos(None, None, videos, ("val",), None)
    assert [(row.file, row.true, row.counter, row.app) for row in rows] == [
        ("a.mp4", 3, 3, "squat 4"), ("d.mp4", 2, 3, "-"), ("b.mp4", None, None, "-"),
    ]  # fmt: skip
