"""A whole comparison: the table, a dry run, and real runs after a kill."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.comparison.tiny import Machine, tiny_file
from training.comparison import compare as compare_module
from training.comparison.compare import compare
from training.comparison.grid import Grid
from training.comparison.plan import Task, make_plan
from training.comparison.state import ComparisonState
from training.data.store import Store, write_store


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> dict:
    """`compare` starts fakes; the setting "broken" names those that fail, "all" collects the machines."""
    settings: dict = {"broken": (), "all": []}

    def starter(state: ComparisonState, workers: int, lock: int | None, devices: tuple[str, ...]) -> Machine:
        settings["all"].append(Machine(state, settings["broken"]))
        return settings["all"][-1]

    monkeypatch.setattr(compare_module, "starter", starter)
    monkeypatch.setattr("training.comparison.curves.draw_all", lambda state, lines: None)
    return settings


def test_compare_writes_the_table_and_names_failures(tmp_path: Path, store: Path, machines: dict) -> None:
    said: list[str] = []
    path, out = tiny_file(tmp_path, store), tmp_path / "out"
    machines["broken"] = ("seed1-ekem+ikem-jmbaro",)
    with pytest.raises(ValueError, match=r"3 of \d+ tasks failed.*jmbaro: training: no luck .*; 2 more needed"):
        compare(path, out, said.append)
    assert "(1 missing)" in (out / "tiny.md").read_text()
    machines["broken"] = ()
    compare(path, out, said.append)
    assert machines["all"][1].started[0] == "seed1-ekem+ikem-jmbaro" and len(machines["all"][1].started) == 3
    assert "missing" not in (out / "tiny.md").read_text()
    held = json.loads((out / "tiny.json").read_text())
    assert held["rows"][0]["cells"]["linear"] == {
        "mean": 56.5, "std": pytest.approx(0.5**0.5), "values": {"0": 56, "1": 57}, "wanted": 2,
    }  # fmt: skip


def test_a_dry_run_runs_and_writes_nothing(tmp_path: Path, store: Path, machines: dict) -> None:
    said: list[str] = []
    compare(tiny_file(tmp_path, store), tmp_path / "out", said.append, dry_run=True)
    assert "seed0-none-jmbaro: pretrain" in said[0]
    assert machines["all"] == [] and not (tmp_path / "out").exists()


def test_a_folder_has_one_comparison_at_a_time(tmp_path: Path, store: Path, machines: dict) -> None:
    fcntl = pytest.importorskip("fcntl")
    (tmp_path / "out").mkdir()
    with open(tmp_path / "out" / "lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ValueError, match="in use by another comparison"):
            compare(tiny_file(tmp_path, store), tmp_path / "out", lambda line: None)
    compare(tiny_file(tmp_path, store), tmp_path / "out", lambda line: None)


def test_a_document_without_markers_is_refused_before_any_run(tmp_path: Path, store: Path, machines: dict) -> None:
    document = tmp_path / "RESULTS.md"
    document.write_text("nothing here\n")
    with pytest.raises(ValueError, match="compare tiny: begin"):
        compare(tiny_file(tmp_path, store), tmp_path / "out", lambda line: None, document=document)
    assert machines["all"] == []


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_cannot_be_judged_is_refused_before_anything_trains(
    tmp_path: Path, store: Path, machines: dict, dry_run: bool
) -> None:
    held = Store(store)
    people = [[np.random.default_rng(i).normal(size=(50, 25, 3))] for i in range(4)]
    fields = {"label": np.array([0, 1, 0, 2]), "view": np.array([1, 1, 3, 3])}
    write_store(tmp_path / "other", people, fields, held.labels[:3], {"xview": np.array([1, 1, 0, 0])}, "test")
    with pytest.raises(ValueError, match=f"no training clip of xview shows {held.labels[2]}, but test clips do; leave"):
        compare(tiny_file(tmp_path, tmp_path / "other"), tmp_path / "out", lambda line: None, dry_run=dry_run)
    assert machines["all"] == [] and not (tmp_path / "out").exists()


@pytest.mark.slow
def test_real_runs_end_to_end_after_a_kill(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pre-training, distillation and evaluation in processes of their own; a kill costs no finished epoch."""
    shape = {
        "batch": 4,
        "shape": {"channels": [4, 4, 8], "strides": [1, 2, 1]},
        "save_every": 1,
        "views": {"crop": 0.1},
    }
    changes = {
        "pretrain": {"epochs": 4, "stage1": 2, **shape}, "distil": {"epochs": 3, "warmup": 1, **shape},
        "protocols": {"linear": {"epochs": 2, "drop_at": []}, "scratch": {"epochs": 2, "warmup": 0}},
        "rows": [
            {"exchange": ["none", "ekem+ikem"], "modalities": "jmb"}, {"modalities": "jb"},
            {"exchange": "ekem+ikem", "modalities": "jmb", "student": "rckd"}, {"scratch": "jm"},
        ],
    }  # fmt: skip
    path, out = tiny_file(tmp_path, store, **changes), tmp_path / "out"
    monkeypatch.setattr("training.comparison.workers.PAUSE_S", 0.05)
    grid = Grid.read(path)
    state = ComparisonState(out, grid, make_plan(grid))
    base = state.plan.tasks["seed0-none-jmb"]

    def kill(progress: object, tasks: list[Task]) -> None:
        if state.epochs(base)[0]:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(compare_module.ComparisonProgress, "watch", kill)
        with pytest.raises(KeyboardInterrupt):
            compare(path, out, lambda line: None, workers=2)
    compare(path, out, lambda line: None, workers=2)
    for name, epochs in (("seed0-none-jmb", [1, 2, 3, 4]), ("seed0-ekem+ikem-jmb", [3, 4])):
        log = (state.run(name) / "log.jsonl").read_text().splitlines()
        assert [json.loads(line)["epoch"] for line in log] == epochs
    rows = json.loads((out / "tiny.json").read_text())["rows"]
    assert len(rows) == 5
    assert all(0 <= cell["mean"] <= 100 for row in rows for cell in row["cells"].values())
    assert all(row["parameters"] > 0 and row["flops"] > 0 and row["latency_ms"] > 0 for row in rows)
    pictures = {file.name for file in (out / "pictures" / "tiny").iterdir()}
    assert {"losses.png", "bars.png", "health_seed0-none-jmb.png"} <= pictures
