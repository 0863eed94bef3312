"""Fixtures for comparisons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.training.comparison.tiny import tiny_file
from training.comparison.grid import Grid
from training.comparison.plan import make_plan
from training.comparison.state import ComparisonState
from training.data.store import write_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    rng = np.random.default_rng(0)
    people = [[rng.normal(size=(50, 25, 3))] for _ in range(12)]
    part = np.array([1] * 8 + [0] * 4)
    splits = {"xview": part, "xsub": np.array([1] * 6 + [0] * 6)}
    write_store(folder, people, {"label": np.arange(12) % 3}, ("a", "b", "c"), splits, "test")
    return folder


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.comparison.workers.PAUSE_S", 0)


@pytest.fixture
def state(tmp_path: Path, store: Path) -> ComparisonState:
    grid = Grid.read(tiny_file(tmp_path, store))
    return ComparisonState(tmp_path / "out", grid, make_plan(grid))
