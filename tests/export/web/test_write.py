"""Graph and card are written together, or not at all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from export.__main__ import main
from export.web import write as writer
from export.web.graph import sample_poses
from models.skeleton import CENTRE, bridge
from models.student import Student
from models.weights import StudentConfig, embedding_id, save


@pytest.fixture
def weights(student: Student, config: StudentConfig, tmp_path: Path) -> Path:
    save(student, config, tmp_path / "weights")
    return tmp_path / "weights"


@pytest.fixture(autouse=True)
def traced_already(graph: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "trace", lambda *_: graph)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_both_files(
    weights: Path, student: Student, config: StudentConfig, precision: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = tmp_path / "new" / "web"
    assert main(["web", "--weights", str(weights), "--out", str(out), "--precision", precision]) == 0
    assert precision in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == ["recogniser.json", "recogniser.onnx"]
    content, card = (out / "recogniser.onnx").read_bytes(), json.loads((out / "recogniser.json").read_text())
    assert card["sha256"] == hashlib.sha256(content).hexdigest() and card["bytes"] == len(content)
    assert card["labels"] == list(config.labels) and card["display"]["wave"] == "waving"
    assert card["thresholds"] == config.thresholds and card["precision"] == precision
    assert card["embedding"] == embedding_id(student, config)
    assert card["starts"] == {"live": [70], "clip": [0, 5, 10, 15, 20]}
    assert (card["clip_s"], card["clip_frames"], card["keep_s"]) == (3.5, 70, 3.5)
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)


def test_the_bridge_of_the_card(weights: Path, tmp_path: Path) -> None:
    writer.write(weights, tmp_path / "web", "fp32", {"constants": {"a": 1}})
    card = json.loads((tmp_path / "web" / "recogniser.json").read_text())
    assert card["constants"] == {"a": 1}
    sample = sample_poses(1)
    joints, seen = bridge(sample["landmarks"][0], sample["visibility"][0])
    for v, recipe in enumerate(card["bridge"]):
        point = sum(weight * sample["landmarks"][0, mark] for mark, weight in recipe)
        np.testing.assert_allclose(point * card["turn"], joints[v], atol=1e-6)
        assert all(sample["visibility"][0, mark] >= card["seen_from"] for mark, _ in recipe) == seen[v]
    assert card["joints"][CENTRE] == "spine_shoulder" and card["parents"][CENTRE] == CENTRE


@pytest.mark.parametrize(("precision", "way"), [("fp32", "fault of the exporter"), ("int8", "--precision fp32")])
def test_a_graph_that_answers_otherwise_is_not_written(
    weights: Path, tmp_path: Path, precision: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "same_best", lambda _: False)
    monkeypatch.setattr(writer, "largest_difference", lambda _: 2e-4)
    with pytest.raises(ValueError, match=way):
        writer.write(weights, tmp_path / "web", precision)
    assert list((tmp_path / "web").iterdir()) == []


def test_bad_places(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["web", "--weights", str(weights), "--out", str(tmp_path / "file")]) == 1
    assert "cannot be written to" in capsys.readouterr().err
    assert main(["web", "--weights", str(tmp_path), "--out", str(tmp_path / "web")]) == 1
    assert "config.json is missing" in capsys.readouterr().err
