"""A short run is evaluated with the statistics of its clips, and says so where clips are equal nevertheless."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.branches import Branches
from models.shape import Shape
from training.config.schema import PretrainConfig
from training.data.pool import Pool
from training.data.store import write_store
from training.method.pretrain import pretrain
from training.parallel.torchrun import Group
from training.runs import loop
from training.runs.batch_norm import LEAST_SPREAD, settle_statistics, spread
from training.runs.run_folder import load_branches

SHAPE = Shape(channels=(4, 8, 8), strides=(2, 2, 2), dropout=0.0)
CONFIG = PretrainConfig(
    modalities=("joint", "motion"), exchange="none", epochs=4, stage1=4, batch=8, lr=0.01, queue=8, shape=SHAPE,
    drop_at=(), mask_own=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    folder, rng = tmp_path_factory.mktemp("store"), np.random.default_rng(0)
    pose = rng.normal(0, 0.3, (40, 1, 25, 3)) + rng.normal(0, 0.02, (40, 50, 25, 3)).cumsum(1)
    write_store(folder, [[row] for row in pose], {}, (), {}, "test")
    return Pool.open([str(folder)])


def in_training(branches: Branches, pool: Pool) -> torch.Tensor:
    """How z spreads in training mode, modality by modality."""
    batch = pool.batch(np.arange(40), torch.device("cpu"))
    with torch.no_grad():
        z_MND = copy.deepcopy(branches).train()(batch.joints_NPTVC, batch.frames_N, batch.present_NP)
    return z_MND.std(1, correction=0).mean(1) * z_MND.shape[2] ** 0.5


def test_after_twenty_steps_clips_differ_as_they_do_in_training(pool: Pool, tmp_path: Path) -> None:
    pretrain(pool, CONFIG, tmp_path / "run", lambda line: None, device="cpu")
    branches = load_branches(tmp_path / "run")[0]
    evaluated = torch.tensor([*spread(branches, pool, replace(CONFIG, batch=40), Group()).values()])
    share = evaluated / in_training(branches, pool)
    assert ((share > 0.5) & (share < 2)).all(), share


def test_a_long_run_keeps_the_statistics_of_its_steps(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the published schedule stays what it was; and a run that cannot be evaluated says so."""
    monkeypatch.setattr(loop, "FEW_STEPS", 20)
    said: list[str] = []
    pretrain(pool, CONFIG, tmp_path / "run", said.append, device="cpu")
    branches = load_branches(tmp_path / "run")[0]
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["model"]
    for name, value in branches.state_dict().items():
        assert torch.equal(value, state[f"query.{name}"]), name
    least = min(spread(branches, pool, replace(CONFIG, batch=8), Group()).values())
    assert any("would be chance" in line for line in said) == (least < LEAST_SPREAD)


def test_settled_statistics_are_those_of_all_clips(pool: Pool) -> None:
    """Whatever they were before: the mean over a pass, with every weight as it was."""
    torch.manual_seed(0)
    branches = Branches(("joint",), SHAPE, (8, 4))
    weights = [p.clone() for p in branches.parameters()]
    norm = branches.encoders["joint"].data_bn
    norm.running_mean.fill_(9)
    settle_statistics(branches, pool, replace(CONFIG, modalities=("joint",)), Group())
    assert norm.momentum == 0.1 and int(norm.num_batches_tracked) == 5
    assert all(torch.equal(a, b) for a, b in zip(weights, branches.parameters(), strict=True))
    clips = torch.from_numpy(pool.parts[0][0].rows[:].copy()).reshape(-1, 75)
    # The views are cropped and sheared, so the mean is near that of the clips, not equal.
    assert float((norm.running_mean - clips.mean(0)).abs().max()) < 0.2
