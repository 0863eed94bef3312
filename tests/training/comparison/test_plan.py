"""Planning a comparison, and the files that say one."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.modality_names import MODALITIES
from models.system.places import ROOT
from tests.training.comparison.tiny import ROWS, Machine, tiny_file, tiny_plan, work_through
from training.comparison.grid import Grid
from training.comparison.plan import describe, make_plan
from training.comparison.state import ComparisonState

CONFIGS = sorted((ROOT / "training" / "configs").glob("*.yaml"))


def test_every_run_is_planned_once_and_after_what_it_needs(tmp_path: Path, store: Path) -> None:
    plan = tiny_plan(tmp_path, store, rows=ROWS + ROWS)
    runs = {name: task for name, task in plan.tasks.items() if task.kind != "evaluate"}
    assert sorted(runs) == [
        "seed0-ekem+ikem-jmbaro", "seed0-ekem-jmb", "seed0-kl-from-ekem+ikem", "seed0-none-jmbaro",
        "seed0-rckd-from-ekem+ikem", "seed1-ekem+ikem-jmbaro", "seed1-none-jmbaro",
    ]  # fmt: skip
    order = list(plan.tasks)
    assert all(order.index(task.source) < order.index(task.name) for task in plan.tasks.values() if task.source)


def test_exchanges_share_stage_1_and_subsets_share_the_run(tmp_path: Path, store: Path) -> None:
    tasks = tiny_plan(tmp_path, store).tasks
    assert tasks["seed0-none-jmbaro"].source == "" and tasks["seed0-none-jmbaro"].passes == 4 * 6
    for name, branches in (("seed0-ekem+ikem-jmbaro", 6), ("seed0-ekem-jmb", 3)):
        assert tasks[name].source == "seed0-none-jmbaro"
        assert tasks[name].passes == 2 * branches  # stage 2 alone
        # All that matters in stage 1 is the same.
        held = tasks["seed0-none-jmbaro"].config
        assert {k for k in held if held[k] != tasks[name].config[k]} <= {"exchange", "modalities"}
    assert tasks["seed1-ekem+ikem-jmbaro"].source == "seed1-none-jmbaro"
    judged = tasks["seed0-none-jmbaro-knn"]
    assert judged.source == "seed0-none-jmbaro" and judged.subsets == (MODALITIES, MODALITIES[:3])
    assert tasks["seed0-kl-from-ekem+ikem"].source == "seed0-ekem+ikem-jmbaro"
    assert tasks["seed0-scratch"].source == "" and tasks["seed0-scratch"].modalities == MODALITIES[:3]


def test_the_shared_run_is_as_wide_as_the_rows(tmp_path: Path, store: Path) -> None:
    rows = [{"exchange": ["ekem", "cmd"], "modalities": "jm"}, {"student": "rckd", "modalities": "jb"}]
    tasks = tiny_plan(tmp_path, store, rows=rows).tasks
    assert tasks["seed0-ekem-jm"].source == tasks["seed0-none-jb"].source == "seed0-none-jmb"
    assert tasks["seed0-rckd-from-none-jb"].source == "seed0-none-jb"


def test_a_lone_run_is_trained_in_one_go(tmp_path: Path, store: Path) -> None:
    tasks = tiny_plan(tmp_path, store, rows=[{"exchange": "ekem", "modalities": ["jm"], "of": "jmb"}]).tasks
    assert list(tasks) == ["seed0-ekem-jmb", "seed0-ekem-jmb-linear", "seed0-ekem-jmb-knn"]
    assert tasks["seed0-ekem-jmb"].epochs == 4 and tasks["seed0-ekem-jmb-knn"].subsets == (MODALITIES[:2],)


def test_nothing_is_shared_without_a_first_stage(tmp_path: Path, store: Path) -> None:
    tasks = tiny_plan(tmp_path, store, pretrain={"epochs": 4, "stage1": 0}).tasks
    assert tasks["seed0-ekem-jmb"].source == "" and tasks["seed0-ekem-jmb"].epochs == 4


def test_a_variant_changes_its_rows_alone(tmp_path: Path, store: Path) -> None:
    changes = {
        "pretrain": {"epochs": 4, "stage1": 2, "shape": {"dropout": 0.3}},
        "variants": {"frozen": {"pretrain": {"freeze_keys": ["joint"], "shape.time_scaled": False}}},
        "rows": [{"modalities": "jm"}, {"modalities": "jm", "variant": "frozen", "protocols": "knn"}],
    }
    tasks = tiny_plan(tmp_path, store, **changes).tasks
    assert list(tasks) == [
        "seed0-none-jm", "frozen-seed0-none-jm",
        "seed0-none-jm-linear", "seed0-none-jm-knn", "frozen-seed0-none-jm-knn",
    ]  # fmt: skip
    assert tasks["seed0-none-jm"].config["freeze_keys"] == []
    frozen = tasks["frozen-seed0-none-jm"].config
    assert frozen["freeze_keys"] == ["joint"] and frozen["epochs"] == 4
    assert frozen["shape"]["dropout"] == 0.3 and not frozen["shape"]["time_scaled"]


def test_a_variant_of_distillation_alone_shares_the_teacher(tmp_path: Path, store: Path) -> None:
    changes = {
        "variants": {"warm": {"distil": {"start": "teacher"}}},
        "rows": [{"student": "rckd"}, {"student": "rckd", "variant": "warm"}],
    }
    tasks = tiny_plan(tmp_path, store, **changes).tasks
    students = {name: task for name, task in tasks.items() if task.kind == "distil"}
    assert {task.source for task in students.values()} == {"seed0-none-jmbaro"}
    assert {name: task.config["start"] for name, task in students.items()} == {
        "seed0-rckd-from-none": "random", "warm-seed0-rckd-from-none": "teacher",
    }  # fmt: skip
    assert [name for name, task in tasks.items() if task.kind == "pretrain"] == ["seed0-none-jmbaro"]


def test_a_variant_with_a_store_of_its_own_trains_on_that_alone(tmp_path: Path, store: Path) -> None:
    changes = {
        "also": ["there:xsub"], "variants": {"far": {"data": "elsewhere"}, "near": {"split": "xsub"}},
        "rows": [{"modalities": "jm", "variant": name} for name in ("far", "near")],
    }  # fmt: skip
    tasks = tiny_plan(tmp_path, store, **changes).tasks
    trained = [(tasks[f"{name}-seed0-none-jm"].data, tasks[f"{name}-seed0-none-jm"].split) for name in ("far", "near")]
    assert trained == [(Path("elsewhere"), None), (store, "xsub")]
    assert tasks["far-seed0-none-jm"].also == () and tasks["near-seed0-none-jm"].also == ("there:xsub",)
    judged = tasks["far-seed0-none-jm-knn"]
    assert (judged.data, judged.split) == (store, "xview")


def test_what_trains_may_be_other_clips_than_what_judges(tmp_path: Path, store: Path) -> None:
    changes = {
        "clips": {"data": "wide", "split": "xview+", "also": ["there"]}, "variants": {"hot": {"pretrain": {"lr": 0.3}}},
        "rows": [{"modalities": "jm"}, {"modalities": "jm", "variant": "hot"}, {"scratch": "jm"}],
    }  # fmt: skip
    tasks = tiny_plan(tmp_path, store, **changes).tasks
    for name in ("seed0-none-jm", "hot-seed0-none-jm"):
        assert (tasks[name].data, tasks[name].split, tasks[name].also) == (Path("wide"), "xview+", ("there",))
    for name in ("seed0-none-jm-linear", "seed0-scratch"):
        assert (tasks[name].data, tasks[name].split) == (store, "xview")


def test_split_and_seeds_of_the_command(tmp_path: Path, store: Path) -> None:
    path = tiny_file(tmp_path, store)
    grid = Grid.read(path, split="xsub", seeds=(5,))
    assert (grid.name, grid.split) == ("tiny_xsub", "xsub")
    tasks = make_plan(grid).tasks
    assert all(task.seed == 5 and task.split == "xsub" for task in tasks.values())
    assert Grid.read(path, split="xview").name == "tiny"  # the file's own
    clips = tiny_file(tmp_path, store, clips={"data": "wide", "split": "xview"})
    with pytest.raises(ValueError, match="says by clips: what trains"):
        Grid.read(clips, split="xsub")


def test_a_run_with_a_stage_1_of_its_own_counts_for_a_grid_that_would_share_it(tmp_path: Path, store: Path) -> None:
    alone = Grid.read(tiny_file(tmp_path, store, rows=[{"exchange": "ekem", "modalities": "jmb"}]))
    lone = ComparisonState(tmp_path / "out", alone, make_plan(alone))
    assert lone.plan.tasks["seed0-ekem-jmb"].source == ""
    work_through(lone, Machine(lone))
    grid = Grid.read(tiny_file(tmp_path, store))
    state = ComparisonState(tmp_path / "out", grid, make_plan(grid))
    state.check()
    machine = Machine(state)
    assert work_through(state, machine) == {}
    assert "seed0-none-jmbaro" in machine.started and "seed0-ekem-jmb" not in machine.started
    lone.check()


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"distil": {"start": "teacher"}, "rows": [{"modalities": "jm", "student": "rckd"}]}, "wants bone, which its"),
        ({"clips": {"store": "x"}}, "has no store"),
        ({"rows": []}, "nothing to compare"),
        ({"split": None}, "split:"),
        ({"epochs": 3}, "has no epochs"),
        ({"preset": "huge"}, "preset must be one of"),
        ({"pretrain": {"epoch": 3}}, "epoch"),
        ({"rows": [{"modality": "j"}]}, "has no modality"),
        ({"rows": [{"exchange": "all"}]}, "has no all; there are none, ekem"),
        ({"rows": [{"modalities": "jx"}]}, "modalities must be"),
        ({"rows": [{"student": "kd"}]}, "has no kd"),
        ({"rows": [{"variant": "wide"}]}, "has no wide"),
        ({"rows": [{"protocols": "svm"}]}, "has no svm"),
        ({"protocols": {"svm": {}}}, "has no svm"),
        ({"rows": [{"exchange": "ekem", "modalities": "j"}]}, "needs two modalities"),
        ({"rows": [{"exchange": "ekem", "modalities": "jr", "of": "jm"}]}, "wants rotation"),
        ({"variants": {"A b": {}}}, "must be named"),
        ({"variants": {"a": {"epochs": 3}}}, "has no epochs"),
        ({"variants": {"a": {}}, "rows": [{"scratch": "j", "variant": "a"}]}, "has no variant"),
        ({"protocols": {"knn": {"lr": 1.0}}}, "the column knn: .*lr"),
        ({"protocols": {"linear": {"preset": "big"}}}, "preset of linear must be"),
        ({"protocols": ["semi"]}, "needs fraction"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, store: Path, changes: dict, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        tiny_plan(tmp_path, store, **changes)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_files_of_the_repository_can_be_planned(path: Path) -> None:
    grid = Grid.read(path)
    plan = make_plan(grid)
    assert set(plan.cells) == set(grid.rows)
    names = {name for columns in plan.cells.values() for seeds in columns.values() for name in seeds.values()}
    assert names == {task.name for task in plan.tasks.values() if task.kind == "evaluate"}


def test_the_whole_grid_holds_what_it_should() -> None:
    grid = Grid.read(next(path for path in CONFIGS if path.stem == "nw_ucla_compact"))
    pairs = {(row.exchange, len(row.modalities)) for row in grid.rows if row.kind == "pretrain"}
    assert {(e, n) for e in ("none", "ekem", "ikem", "ekem+ikem", "cmd") for n in (3, 6)} <= pairs
    assert {row.modalities[0] for row in grid.rows if len(row.modalities) == 1} == set(MODALITIES)
    assert {row.modalities[3] for row in grid.rows if len(row.modalities) == 4} == set(MODALITIES[3:])
    assert {row.method for row in grid.rows if row.kind == "distil"} == {"rckd", "kl", "cmd", "feature"}
    main = [request for row, request in grid.rows.items() if row.exchange in ("none", "ekem+ikem") and not row.variant
            and (len(row.modalities) == 6 or row.method == "rckd")]  # fmt: skip
    assert len(main) == 4 and all(len(request.seeds) >= 3 for request in main)


def test_the_plan_in_words(tmp_path: Path, store: Path) -> None:
    text = describe(tiny_plan(tmp_path, store), lambda task: 8, lambda task: task.kind == "pretrain")
    assert "seed0-none-jmbaro: pretrain, 4 epochs x 6 branches x 8 clips = 192 clip-epochs, finished\n" in text
    assert "seed0-ekem-jmb: pretrain, 2 epochs x 3 branches x 8 clips = 48 clip-epochs, stage 1 of seed0-none" in text
    total = 2 * 192 + 2 * 96 + 48 + 2 * 3 * 3 * 8 + 100 * 3 * 8
    assert text.endswith(f"7 runs, {total:,} clip-epochs (one clip, one branch, once), {144 + 2400:,} of them to do")
    assert "evaluate with labels alone: seed0-scratch of jmb, 100 epochs x 3 branches = 2,400 clip-epochs" in text
    assert describe(
        tiny_plan(tmp_path, store, rows=[{"modalities": "jm"}]), lambda task: 8, lambda task: False
    ).endswith("do")
