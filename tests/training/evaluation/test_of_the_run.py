"""An evaluation knows its run: the preset that belongs to it, collapsed features, and clips that it may have seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.branches import Branches
from models.shape import Shape
from training.__main__ import main
from training.config.schema import PretrainConfig
from training.config.sources import from_sources
from training.data.pool import Pool
from training.data.store import Store, write_store
from training.evaluation.evaluate import evaluate
from training.evaluation.features import LEAST_SPREAD, require_spread
from training.evaluation.knn import NearestConfig, nearest
from training.evaluation.linear import LINEAR_PRESETS, LinearConfig, train_heads
from training.evaluation.protocols import make_config, preset_of
from training.runs.run_folder import open_run, read_config, save_model

SHAPE = Shape(channels=(4, 8), strides=(2, 2))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    rng, label = np.random.default_rng(0), np.arange(40) % 2
    people = [[rng.normal(0, 0.3, (50, 25, 3)) + 0.5 * c * (np.arange(25) > 20)[:, None]] for c in label]
    parts = {"half": np.arange(40) // 20, "most": (np.arange(40) >= 8).astype(int)}
    folder = tmp_path_factory.mktemp("store")
    columns = {"label": label, "view": 1 + np.arange(40) // 10}
    write_store(folder, people, columns, ("sit_down", "stand_up"), parts, "test")
    return Store(folder)


def finished(folder: Path, preset: str, store: Store, ids: np.ndarray) -> Path:
    """A run of a preset by name alone: its branches are untrained, with the running statistics of real clips."""
    values = {"modalities": ("joint",), "exchange": "none", "shape": SHAPE, "precision": "fp32"}
    config = from_sources(PretrainConfig, preset, None, values)
    open_run(folder, "pretrain", config, Pool([(store, ids)]).record, {"head": [8, 4]})
    torch.manual_seed(0)
    branches, batch = Branches(("joint",), SHAPE, (8, 4)), store.batch(np.arange(40))
    with torch.no_grad():
        for _ in range(60):
            branches.train().encode(batch.joints_NPTVC, batch.frames_N, batch.present_NP)
    save_model(branches, folder)
    return folder


@pytest.mark.parametrize(("preset", "heads", "tuned"), [("paper", "ikem", "paper"), ("compact", "mamp", "compact")])
def test_the_preset_is_the_runs(preset: str, heads: str, tuned: str, store: Store, tmp_path: Path) -> None:
    run = finished(tmp_path / "run", preset, store, np.arange(20))
    assert (trained_by := preset_of(read_config(run))) == preset
    assert make_config("linear", trained_by=trained_by) == LinearConfig(**LINEAR_PRESETS[heads])
    assert make_config("semi", True, trained_by=trained_by) == LinearConfig(**LINEAR_PRESETS[heads])
    assert make_config("finetune", trained_by=trained_by) == make_config("finetune", preset=tuned)
    assert make_config("linear", preset="cmd", trained_by=trained_by) == make_config("linear", preset="cmd")


@pytest.mark.parametrize(("preset", "said"), [("paper", "lr 3.0"), ("compact", "standardise True")])
def test_the_command_says_by_what_it_judges(
    preset: str, said: str, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    run = finished(tmp_path / "run", preset, store, np.arange(20))
    words = ["evaluate", "--run", run, "--data", store.folder, "--split", "half", "--epochs", 2, "--threads", 1]
    assert main([str(word) for word in words]) == 0
    out = capsys.readouterr().out
    assert f"preset {preset}" in out and said in out and "WARNING" not in out


@pytest.mark.parametrize(
    ("split", "clips", "said"),
    [("half", 20, ""), ("most", 20, r"on split half of .* \(20 clips\)"), ("half", 40, "on all clips of"),
     ("half", 30, "on another split of"), ("most", 32, ""),
     ("half-val", 10, ""), ("half-val", 20, r"on split half of .* \(20 clips\)"), ("half", 10, ""),
     ("most", 10, r"on split half-val of")],
)  # fmt: skip
def test_a_run_of_another_split_is_refused(split: str, clips: int, said: str, store: Store, tmp_path: Path) -> None:
    run = finished(tmp_path / "run", "compact", store, np.arange(clips))
    if said:
        with pytest.raises(ValueError, match=f"{said}.*may have seen the clips that {split} tests on; judge it on its"):
            evaluate(store, split, NearestConfig(), run, "knn")
    result = evaluate(store, split, NearestConfig(), run, "knn", any_split=True)
    assert ("may have seen" in result.get("remark", "")) == bool(said)


def _answer(protocol: str, h_NMH: torch.Tensor) -> Any:
    label_N = torch.arange(len(h_NMH)) % 4
    if protocol == "knn":
        return nearest(h_NMH, label_N, h_NMH, 4, 1)
    return train_heads(h_NMH, label_N, h_NMH, label_N, 4, LinearConfig(epochs=1), 0)


@pytest.mark.parametrize("protocol", ["linear", "knn"])
def test_collapsed_features_are_said_instead_of_judged(protocol: str) -> None:
    rng = torch.Generator().manual_seed(0)
    noise = torch.randn(40, 2, 16, generator=rng)
    healthy, equal = 1 + 0.1 * noise, 1 + 1e-6 * noise
    assert len(_answer(protocol, healthy).predicted_N) == 40
    half = torch.stack([healthy[:, 0], equal[:, 1]], 1)  # one modality of two
    with pytest.raises(ValueError, match="the features of motion have collapsed"):
        require_spread(half, ("joint", "motion"))
    differ = r"from clip to clip they differ by \S+e-0\d of"
    for h_NMH in (equal, half):
        with pytest.raises(ValueError, match=f"the features have collapsed: {differ}"):
            _answer(protocol, h_NMH)


def test_the_limit_is_relative_to_the_features_length() -> None:
    noise = torch.randn(500, 1, 16, generator=torch.Generator().manual_seed(0))
    for scale in (1e-4, 1, 1e4):
        require_spread(scale * (1 + 2 * LEAST_SPREAD * noise))
        with pytest.raises(ValueError, match="the features have collapsed"):
            require_spread(scale * (1 + 0.5 * LEAST_SPREAD * noise))
