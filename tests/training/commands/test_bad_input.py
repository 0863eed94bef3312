"""What does not fit together is refused in one sentence, before anything trains, with an exit code that says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from models.branches import Branches
from models.modality_names import MODALITIES
from models.shape import Shape
from training.__main__ import main
from training.config.schema import PretrainConfig
from training.config.sources import from_sources
from training.data.pool import Pool
from training.data.store import Store, write_store
from training.runs.run_folder import CHECKPOINT, STAGE1, open_run, save_model

CONFIG = "data: {store}\nsplit: xsub\nrows: [{{exchange: ekem+ikem, modalities: jm, student: rckd}}]\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("store"), np.random.default_rng(0)
    people = [[rng.normal(size=(50, 25, 3))] for _ in range(12)]
    splits = {"xsub": np.array([1] * 8 + [0] * 4), "xview": np.array([0] * 5 + [1] * 7), "zero": np.zeros(12, int)}
    write_store(folder, people, {"label": np.arange(12) % 2}, ("a", "b"), splits, "test")
    return folder


@pytest.fixture(scope="module")
def runs(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs that nobody trained: finished ones of each preset, and of joints and bones alone one that has just begun."""
    folder, clips = tmp_path_factory.mktemp("runs"), Store(store)
    pool = Pool([(clips, clips.split("xsub")[0])])
    for name, preset, names in (("paper", "paper", MODALITIES), ("compact", "compact", MODALITIES),
                                ("jb", "compact", ("joint", "bone")),
                                ("begun", "compact", ("joint", "bone"))):  # fmt: skip
        widths = (4, 8) if preset == "paper" else (8, 8)
        shape = Shape(channels=widths, strides=(4, 4), dropout=0.1, mask_people=preset == "compact")
        values = {"modalities": names, "shape": shape, "batch": 8, "queue": 8, "precision": "fp32"}
        config = from_sources(PretrainConfig, preset, None, values)
        open_run(folder / name, "pretrain", config, pool.record, {"head": [8, 128], "stage1": None})
        if name == "begun":
            continue
        branches = Branches(names, shape, (8, 128))
        save_model(branches, folder / name)
        torch.save(
            {"epoch": config.stage1, "modalities": list(names), "model": branches.state_dict(), "optimizer": {}},
            folder / name / STAGE1,
        )
    open_run(folder / "student", "distil", config, pool.record, {})
    return folder


_TRAIN = "--data {store} --split xsub --threads 1 --batch 8 --queue 8 --shape.strides 4,4"
CASES = {
    "a split that the store lacks": (
        "compare {config} --out {out} --split xset", "has no split 'xset'; it has xsub, xview",
    ),
    "a split that trains on nothing": (
        "pretrain --preset compact --data {store} --split zero --out {out} --threads 1", "has no training clips",
    ),
    "an evaluation on another split": (
        "evaluate --run {runs}/compact --data {store} --split xview --threads 1", "may have seen the clips that xview",
    ),
    "a teacher of another split": (
        "distil --preset compact --teacher {runs}/compact --data {store} --split xview --out {out} --batch 4",
        "was trained on split xsub",
    ),
    "a student of what its teacher lacks": (
        "distil --preset compact --start teacher --teacher {runs}/jb --out {out} --shape.channels 8,8 " + _TRAIN,
        "has no motion but joint, bone",
    ),
    "a grid with such a student": ("compare {warm} --out {out}", "wants bone, which its teacher of jm lacks"),
    "an evaluation of what the run lacks": (
        "evaluate --run {runs}/jb --data {store} --split xsub --threads 1 --modalities j,r",
        "there is no branch of rotation; the model has joint, bone",
    ),
    "a stage 1 that lacks a modality": (
        "pretrain --preset compact --stage1-from {runs}/jb --modalities jm --out {out} --precision fp32 "
        "--shape.channels 8,8 " + _TRAIN, "holds joint, bone, not motion",
    ),
    "a stage 1 that has not ended": (
        "pretrain --preset compact --stage1-from {runs}/begun --modalities jb --out {out} --precision fp32 "
        "--shape.channels 8,8 " + _TRAIN, "has not ended its stage 1",
    ),
    "a student's stage 1": (
        "pretrain --preset compact --stage1-from {runs}/student --modalities jb --out {out} --precision fp32 "
        "--shape.channels 8,8 " + _TRAIN, "is a run of distil and has no stage 1",
    ),
    "a teacher of another preset": (
        "distil --preset compact --start teacher --teacher {runs}/paper --out {out} --shape.channels 8,8 " + _TRAIN,
        "is it of another --preset?",
    ),
    "a stage 1 of another preset": (
        "pretrain --preset compact --stage1-from {runs}/paper --out {out} --shape.channels 8,8 " + _TRAIN,
        "was trained with optimizer sgd (here adamw)",
    ),
    "a folder of another preset": (
        "pretrain --preset paper --out {runs}/compact --shape.channels 8,8 " + _TRAIN,
        "is it of another --preset?",
    ),
}  # fmt: skip


@pytest.fixture
def said(store: Path, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> Callable[[str], str]:
    """Run a command that has to fail, and return what it says."""
    (tmp_path / "grid.yaml").write_text(CONFIG.format(store=store))
    (tmp_path / "warm.yaml").write_text(CONFIG.format(store=store) + "distil: {start: teacher}\n")
    places = {"store": store, "runs": runs, "out": tmp_path / "out", "config": tmp_path / "grid.yaml"}

    def run(words: str) -> str:
        assert main(words.format(warm=tmp_path / "warm.yaml", **places).split()) == 1
        return capsys.readouterr().err.strip()

    return run


@pytest.mark.parametrize("case", CASES)
def test_one_sentence(case: str, said: Callable[[str], str]) -> None:
    words, expected = CASES[case]
    text = said(words)
    assert expected in text and "\n" not in text and "Traceback" not in text and len(text) < 500, text


def test_a_checkpoint_of_another_preset(said: Callable[[str], str], runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / CHECKPOINT).write_bytes((runs / "paper" / STAGE1).read_bytes())
    text = said("pretrain --preset compact --out {out} --shape.channels 8,8 " + _TRAIN)
    assert "is it of another --preset?" in text and "\n" not in text and len(text) < 500, text
