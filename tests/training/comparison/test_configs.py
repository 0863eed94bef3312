"""The grids of the repository: each can be planned on its stores, and those of one folder share their runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.system.places import ROOT
from training.__main__ import main
from training.comparison.grid import Grid
from training.comparison.plan import make_plan
from training.config.sources import read_yaml
from training.data.store import write_store

FILES = sorted((ROOT / "training" / "configs").glob("*.yaml"))
CASES = [(path, None) for path in FILES]
CASES += [(path, "xset" if "120" in path.stem else "xview") for path in FILES if path.stem.startswith("paper_")]
SETS = ("nw_ucla", "kard", "precog2016", "ui_prmd", "hdm05", "cmu8", "kinder_gator", "msr_daily", "bandai_namco",
        "utd_mhad", "cad60", "totalcapture_mocap", "karate_kata", "irds_sample", "ntu60", "ntu60_some", "ntu120",
        "pku")  # fmt: skip
NTU60 = [path for path in FILES if read_yaml(path)["data"] == "runs/stores/ntu60"]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny store under each name that the files have."""
    folder, part = tmp_path_factory.mktemp("here"), np.array([1] * 4 + [0] * 2)
    for i, name in enumerate(SETS):
        people = [[np.random.default_rng([i, j]).normal(size=(50, 25, 3))] for j in range(6)]
        splits = dict.fromkeys(("xsub", "xview", "xset"), part)
        fields = {"label": np.arange(6) % 2, "view": np.array([1, 1, 2, 2, 3, 3])}
        write_store(folder / "runs" / "stores" / name, people, fields, ("a", "b"), splits, "test")
    return folder


@pytest.mark.parametrize(("path", "split"), CASES, ids=lambda value: getattr(value, "stem", value))
def test_a_dry_run_of_every_file(
    path: Path, split: str | None, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(here)
    words = ["--split", split, "--seeds", "3,4"] if split else []
    assert main(["compare", str(path), "--out", "runs/out", "--dry-run", *words]) == 0
    said = capsys.readouterr().out
    assert "clip-epochs" in said and "evaluate" in said and not (here / "runs" / "out").exists()
    assert ("seed4-" in said and "seed0-" not in said) == bool(split)
    assert "paper" not in path.stem or "300 epochs x 6 branches" in said


def test_the_papers_tables_are_there() -> None:
    names = {path.stem for path in FILES}
    assert {"paper_ntu60", "paper_ntu120", "paper_semi", "paper_transfer", "paper_exchange", "paper_teachers"} <= names
    grids = {path.stem: Grid.read(path) for path in FILES if path.stem.startswith("paper_")}
    assert all(grid.preset == "paper" for grid in grids.values())
    shares = {how.get("fraction") for how in grids["paper_semi"].protocols.values()}
    assert {0.01, 0.05, 0.1, 0.2} <= shares
    students = [row for row in grids["paper_teachers"].rows if row.kind == "distil"]
    assert {len(row.of) for row in students} == {3, 6}
    pairs = {(row.exchange, len(row.modalities)) for row in grids["paper_exchange"].rows if row.kind == "pretrain"}
    assert {(e, n) for e in ("none", "ekem", "ikem", "ekem+ikem", "cmd") for n in (3, 6)} <= pairs
    linear = [how for grid in grids.values() for how in grid.protocols.values() if how["protocol"] == "linear"]
    assert linear and all(how["drop_last"] for how in linear)  # the published loader


def test_grids_of_one_folder_share_their_runs() -> None:
    runs: dict[str, dict] = {}
    for path in NTU60:
        for name, task in make_plan(Grid.read(path)).tasks.items():
            if task.kind != "evaluate":
                assert runs.setdefault(name, task.config) == task.config, f"{path.stem}: {name}"
    assert len(NTU60) >= 4 and "seed0-ekem+ikem-jmbaro" in runs and "seed0-rckd-from-ekem+ikem-jmb" in runs
