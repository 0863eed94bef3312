"""The command `judge`: the tables that are asked for, and what it says where it cannot fill them."""

import json
from pathlib import Path

import pytest

from tests.training.judging.test_webcam import data  # noqa: F401  (a fixture)
from training.__main__ import main


def test_the_webcam_table_alone(data: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    out = data / "out"
    assert main(["judge", "--data", str(data), "--only", "webcam", "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "people at webcams, val: 2 windows of 1 person" in told and "nobody in it: 2" in told
    assert sorted(path.name for path in out.iterdir()) == ["webcam_val.json", "webcam_val.md"]
    assert json.loads((out / "webcam_val.json").read_text())["part"] == "val"


def test_recorded_clips_are_judged_by_one_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", "--data", str(tmp_path), "--part", "held"]) == 1
    assert "add --only webcam videos soon" in capsys.readouterr().err


def test_missing_windows_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", "--data", str(tmp_path), "--only", "webcam", "--out", str(tmp_path)]) == 1
    assert "poses/mediapipe_webcam.npz is missing" in capsys.readouterr().err


def test_the_help_keeps_each_example_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["judge", "--help"])
    lines = capsys.readouterr().out.splitlines()
    assert "  python -m training judge --data DATA --part test --out runs/results" in lines
