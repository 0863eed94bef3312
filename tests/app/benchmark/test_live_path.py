"""The benchmark's arithmetic, on a clock of our own: MediaPipe takes 10 ms, the student 6 ms."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from app.benchmark.live_path import measure, table
from models.system.atomic import write_json
from tests.app.helpers import HandModel, pose, write_video


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(s=0.0, order=[], made=0)
    monkeypatch.setattr("app.benchmark.live_path.time", SimpleNamespace(perf_counter=lambda: now.s))

    class Source:
        def __init__(self, model_path):
            self.name = ("alone", "live")[now.made]
            now.made += 1

        def detect(self, rgb_HWC, time_s):
            now.s += 0.010
            now.order.append(self.name)
            return [pose(time_s)]

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("app.pose.landmarker.PoseSource", Source)
    return now


def slow_model(clock):
    class SlowModel(HandModel):
        def __call__(self, joints_NTV3, frames_N):
            clock.s += 0.006
            return super().__call__(joints_NTV3, frames_N)

    return SlowModel()


def test_measure(tmp_path, clock):
    path = write_video(tmp_path / "a.mp4", np.arange(120) / 20)
    result = measure(path, slow_model(clock), tmp_path)
    stages = result["stages"]
    assert (stages["MediaPipe alone"]["p50"], stages["  pose"]["p95"]) == (pytest.approx(10), pytest.approx(10))
    assert stages["  student, when called"]["mean"] == pytest.approx(6) == stages["student alone, batch 1"]["mean"]
    assert stages["  bridge, window, decision"]["mean"] == pytest.approx(0, abs=1e-6)
    assert (stages["live path"]["count"], stages["  student, when called"]["count"]) == (100, pytest.approx(25, abs=1))
    assert result["ratio"] == pytest.approx(1 + 6 / 10 / 4, abs=0.01)  # every fourth frame
    assert clock.order[:6] == ["live", "alone", "alone", "live", "live", "alone"]
    assert (result["frames"], result["fps"], result["width"], result["height"]) == (120, pytest.approx(20), 64, 48)
    text = table(result)
    assert f"live path / MediaPipe alone  {result['ratio']:.3f}" in text and "6.00 ms" in text and "none" in text


def test_json(tmp_path, clock):
    path = write_video(tmp_path / "a.mp4", np.arange(60) / 20)
    result = measure(path, slow_model(clock), tmp_path)
    write_json(tmp_path / "numbers.json", result)
    assert json.loads((tmp_path / "numbers.json").read_text()) == result
    (tmp_path / "a file").write_text("")
    with pytest.raises(ValueError, match="cannot write"):
        write_json(tmp_path / "a file" / "numbers.json", result)


def test_too_short(tmp_path, clock):
    path = write_video(tmp_path / "a.mp4", np.arange(10) / 20)
    with pytest.raises(ValueError, match="too short to measure"):
        measure(path, HandModel(), tmp_path)
