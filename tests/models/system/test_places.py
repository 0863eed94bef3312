"""Shipped files by name and from any folder, with the user's own files first."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.system.places import DEFAULT_MODEL, OPEN_MODEL, PRETRAINED, model_file, shipped


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_of_the_shipped_models(elsewhere: Path) -> None:
    (elsewhere / "open").touch()
    assert (model_file("default"), model_file("open")) == (DEFAULT_MODEL, OPEN_MODEL)
    assert model_file("./open") == Path("open"), "a file of that name"
    assert model_file("mine.onnx") == Path("mine.onnx")


def test_folders_of_the_shipped_models_are_found_from_anywhere(elsewhere: Path) -> None:
    assert shipped("models/pretrained") == PRETRAINED
    assert model_file("models/pretrained_open/student.onnx") == OPEN_MODEL
    assert shipped("models/pretrained/absent") == Path("models/pretrained/absent")
    assert shipped("models/labels.py") == Path("models/labels.py"), "no other file of ours"
    (elsewhere / "models" / "pretrained").mkdir(parents=True)
    assert shipped("models/pretrained") == Path("models/pretrained"), "the user's own comes first"


def test_both_are_there(pretrained: Path) -> None:
    assert DEFAULT_MODEL.is_file() and OPEN_MODEL.is_file()
