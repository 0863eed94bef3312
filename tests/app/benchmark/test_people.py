"""The benchmark with several people: the pictures it makes, and its table."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.benchmark.people import measure, side_by_side, table
from models.system.atomic import write_json
from tests.app.helpers import HandModel, pose, write_video


def test_people_side_by_side_are_apart_in_time():
    frames = [(i / 10, np.full((4, 100, 3), i, np.uint8)) for i in range(60)]
    made = list(side_by_side(frames, 3))
    assert [time_s for time_s, _ in made] == [time_s for time_s, _ in frames]
    assert made[50][1].shape == (4, 3 * 32, 3)
    assert made[50][1][0, [0, 32, 64], 0].tolist() == [50, 35, 20]
    assert made[10][1][0, [0, 32, 64], 0].tolist() == [10, 0, 0]


@pytest.fixture
def crowd(monkeypatch):
    """Finds as many people as the picture is times 20 pixels wide."""

    class Source:
        def __init__(self, model_path):
            pass

        def detect(self, rgb_HWC, time_s):
            people = rgb_HWC.shape[1] // 20
            return [pose(time_s, (0.25 * k, 0.2, 0.25 * k + 0.15, 0.8)) for k in range(people)]

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("app.pose.landmarker.PoseSource", Source)


def test_measure(tmp_path, crowd):
    result = measure(write_video(tmp_path / "a.mp4", np.arange(80) / 20), HandModel(), tmp_path)
    assert [row["people"] for row in result["people"]] == [1, 2, 3, 4]
    assert [row["found"] for row in result["people"]] == [1, 2, 3, 4] == [row["numbers"] for row in result["people"]]
    for row in result["people"]:
        stages = row["stages"]
        assert stages["live path"]["count"] == 60 and 13 <= stages["student, when called"]["count"] <= 17
        parts = stages["pose"]["mean"] + stages["tracking, windows, decisions"]["mean"]
        assert 0 < parts <= stages["live path"]["mean"] + 1e-6
    lines = table(result).splitlines()
    assert len(lines) == 8 and lines[-1].startswith("4") and "4.00" in lines[-1]
    write_json(tmp_path / "numbers.json", result)
    assert json.loads((tmp_path / "numbers.json").read_text()) == result


def test_too_short(tmp_path, crowd):
    with pytest.raises(ValueError, match="too short to measure"):
        measure(write_video(tmp_path / "a.mp4", np.arange(10) / 20), HandModel(), tmp_path)
