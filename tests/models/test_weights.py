"""Saving, loading and what is said when a folder is damaged."""

import json
from pathlib import Path

import pytest
import torch

from models.weights import StudentConfig, load, save

SMALL = (4, 4, 4, 4, 6, 6, 6, 8, 8, 12)
CONFIG = StudentConfig(labels=("wave", "sit_down"), display={"wave": "waving"}, channels=SMALL, temperature=1.5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save(CONFIG.build(), CONFIG, tmp_path)
    return tmp_path


def test_round_trip(folder: Path) -> None:
    torch.manual_seed(0)
    original = CONFIG.build()
    student, config = load(folder)
    assert config == CONFIG
    assert config.display == {"wave": "waving", "sit_down": "sit down"}
    assert student.temperature == 1.5 and not student.training
    for name, tensor in original.state_dict().items():
        assert torch.equal(student.state_dict()[name], tensor), name
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "student.safetensors"]


def change(folder: Path, **values: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def shorten(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "config.json").unlink(), "config.json is missing"),
        (lambda f: (f / "student.safetensors").unlink(), "student.safetensors is missing"),
        (lambda f: shorten(f, "config.json"), "not JSON"),
        (lambda f: shorten(f, "student.safetensors"), "not a whole safetensors file"),
        (lambda f: change(f, display={}, labels=["wave"]), r"heads.bone.bias is \[2\], expected \[1\]"),
        (lambda f: change(f, display={}, labels=["a", "a"]), "labels cannot be"),
        (lambda f: change(f, labels=["a", "b"]), "display cannot be"),
        (lambda f: change(f, modalities=["joint", "bones"]), "different names out of"),
        (lambda f: change(f, modalities=["joint", "bone"]), "does not fit config.json: encoders.motion"),
        (lambda f: change(f, strides=[1, 2]), "strides cannot be"),
        (lambda f: change(f, fusion=[0.5, 0.5]), "fusion cannot be"),
        (lambda f: change(f, fusion=[0.5, 0.2, 0.2]), "fusion cannot be"),
        (lambda f: change(f, temperature=0), "temperature cannot be 0"),
        (lambda f: change(f, window_s="two"), "config.json"),
        (lambda f: change(f, thresholds={"enter": 0.2, "leave": 0.6}), "thresholds cannot be"),
        (lambda f: change(f, thresholds={"enter": 0.6, "leave": 0.2, "by_label": {"bow": 0.5}}), "thresholds cannot"),
        (lambda f: change(f, thresholds={"enter": 0.6, "leave": 0.2, "by_label": {"wave": 0}}), "thresholds cannot be"),
        (lambda f: change(f, thresholds={"enter": 0.6, "leave": 0.2, "by_label": [0.5]}), "thresholds cannot be"),
        (lambda f: change(f, format="other/3"), "format cannot be 'other/3'"),
        (lambda f: change(f, colour="red"), "must hold the keys"),
    ],
)
def test_damage_is_named(folder: Path, damage, message: str) -> None:
    damage(folder)
    with pytest.raises(ValueError, match=message):
        load(folder)


def test_saving_under_a_wrong_config_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        save(CONFIG.build(), StudentConfig(labels=("a", "b", "c"), channels=SMALL), tmp_path / "out")
    assert not (tmp_path / "out").exists()
