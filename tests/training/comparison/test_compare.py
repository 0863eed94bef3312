"""Planning, resuming and failing of a comparison, with tasks that only write the files that a real one would."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from models.modality_names import MODALITIES
from models.system.places import ROOT
from training.comparison import compare as compare_module
from training.comparison.compare import ComparisonProgress, compare
from training.comparison.grid import Grid
from training.comparison.plan import Task, TaskPlan, describe, make_plan
from training.comparison.state import ComparisonState
from training.comparison.workers import command, work
from training.data.store import Store, write_store

CONFIGS = sorted((ROOT / "training" / "configs").glob("*.yaml"))
ROWS = [
    {"exchange": ["none", "ekem+ikem"], "modalities": "jmbaro", "seeds": [0, 1]},
    {"modalities": ["j", "jmb"]},
    {"exchange": "ekem", "modalities": "jmb"},
    {"exchange": "ekem+ikem", "student": ["rckd", "kl"]},
    {"scratch": "jmb"},
]
SAID = {"split": "xview", "pretrain": {"epochs": 4, "stage1": 2}, "distil": {"epochs": 3}, "rows": ROWS}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    rng = np.random.default_rng(0)
    people = [[rng.normal(size=(50, 25, 3))] for _ in range(12)]
    part = np.array([1] * 8 + [0] * 4)
    splits = {"xview": part, "xsub": np.array([1] * 6 + [0] * 6)}
    write_store(folder, people, {"label": np.arange(12) % 3}, ("a", "b", "c"), splits, "test")
    return folder


def _file(folder: Path, store: Path, **changes: object) -> Path:
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(SAID | {"data": str(store)} | changes))
    return path


def _plan(folder: Path, store: Path, **changes: object) -> TaskPlan:
    return make_plan(Grid.read(_file(folder, store, **changes)))


class Fake:
    """A task that is over at once, or after a few looks."""

    def __init__(self, code: int = 0, looks: int = 0) -> None:
        self.code, self.looks, self.ended = code, looks, False

    def poll(self) -> int | None:
        self.looks -= 1
        return self.code if self.looks < 0 else None

    def terminate(self) -> None:
        self.ended = True

    def wait(self) -> int:
        return self.code


def _produce(state: ComparisonState, task: Task) -> None:
    """The files that the real commands leave."""
    if task.kind == "evaluate":
        costs = {"parameters": 1e6, "flops": 2e9, "latency_ms": 3.0}
        names = task.modalities or state.plan.tasks[task.source].modalities
        sets = dict.fromkeys([*((name,) for name in names), *task.subsets, names])
        rows = [{"modalities": some, "accuracy": 50 + len(some) + task.seed} | costs for some in sets]
        state.result(task.name).write_text(json.dumps({"rows": rows}))
        return
    run = state.run(task.name)
    run.mkdir(parents=True, exist_ok=True)
    (run / "config.json").write_text(json.dumps({"format": "ikem-run/1", **state.asked(task)}))
    entry = {"epoch": task.config["epochs"], "loss": 1.0, "joint/std": 0.5, "joint/rank": 3.0, "joint/self_hit": 0.1}
    (run / "log.jsonl").write_text(json.dumps(entry) + "\n")
    for name in ("stage1.pt", "model.safetensors"):
        (run / name).touch()


class Machine:
    """Starts fakes and remembers them; `broken` names tasks that fail."""

    def __init__(self, state: ComparisonState, broken: tuple[str, ...] = (), looks: int = 0) -> None:
        self.state, self.broken, self.looks = state, broken, looks
        self.started: list[str] = []
        self.fakes: list[Fake] = []

    def __call__(self, task: Task) -> Fake:
        self.state.prepare(task)
        self.started.append(task.name)
        broken = task.name in self.broken
        if broken:
            self.state.log(task.name).write_text("training: no luck\n")
        elif not self.looks:
            _produce(self.state, task)
        self.fakes.append(Fake(int(broken), self.looks))
        return self.fakes[-1]


def _work(state: ComparisonState, machine: Machine, watch: Callable = lambda tasks: None, workers: int = 1) -> dict:
    return work(state, machine, workers, watch, lambda task, why: None)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.comparison.workers.PAUSE_S", 0)


@pytest.fixture
def state(tmp_path: Path, store: Path) -> ComparisonState:
    grid = Grid.read(_file(tmp_path, store))
    return ComparisonState(tmp_path / "out", grid, make_plan(grid))


# Planning


def test_every_run_is_planned_once_and_after_what_it_needs(tmp_path: Path, store: Path) -> None:
    plan = _plan(tmp_path, store, rows=ROWS + ROWS)
    runs = {name: task for name, task in plan.tasks.items() if task.kind != "evaluate"}
    assert sorted(runs) == [
        "seed0-ekem+ikem-jmbaro", "seed0-ekem-jmb", "seed0-kl-from-ekem+ikem", "seed0-none-jmbaro",
        "seed0-rckd-from-ekem+ikem", "seed1-ekem+ikem-jmbaro", "seed1-none-jmbaro",
    ]  # fmt: skip
    order = list(plan.tasks)
    assert all(order.index(task.source) < order.index(task.name) for task in plan.tasks.values() if task.source)


def test_exchanges_share_stage_1_and_subsets_share_the_run(tmp_path: Path, store: Path) -> None:
    tasks = _plan(tmp_path, store).tasks
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
    tasks = _plan(tmp_path, store, rows=rows).tasks
    assert tasks["seed0-ekem-jm"].source == tasks["seed0-none-jb"].source == "seed0-none-jmb"
    assert tasks["seed0-rckd-from-none-jb"].source == "seed0-none-jb"


def test_a_lone_run_is_trained_in_one_go(tmp_path: Path, store: Path) -> None:
    tasks = _plan(tmp_path, store, rows=[{"exchange": "ekem", "modalities": ["jm"], "of": "jmb"}]).tasks
    assert list(tasks) == ["seed0-ekem-jmb", "seed0-ekem-jmb-linear", "seed0-ekem-jmb-knn"]
    assert tasks["seed0-ekem-jmb"].epochs == 4 and tasks["seed0-ekem-jmb-knn"].subsets == (MODALITIES[:2],)


def test_nothing_is_shared_without_a_first_stage(tmp_path: Path, store: Path) -> None:
    tasks = _plan(tmp_path, store, pretrain={"epochs": 4, "stage1": 0}).tasks
    assert tasks["seed0-ekem-jmb"].source == "" and tasks["seed0-ekem-jmb"].epochs == 4


def test_a_variant_changes_its_rows_alone(tmp_path: Path, store: Path) -> None:
    changes = {
        "pretrain": {"epochs": 4, "stage1": 2, "shape": {"dropout": 0.3}},
        "variants": {"frozen": {"pretrain": {"freeze_keys": ["joint"], "shape.time_scaled": False}}},
        "rows": [{"modalities": "jm"}, {"modalities": "jm", "variant": "frozen", "protocols": "knn"}],
    }
    tasks = _plan(tmp_path, store, **changes).tasks
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
    tasks = _plan(tmp_path, store, **changes).tasks
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
    tasks = _plan(tmp_path, store, **changes).tasks
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
    tasks = _plan(tmp_path, store, **changes).tasks
    for name in ("seed0-none-jm", "hot-seed0-none-jm"):
        assert (tasks[name].data, tasks[name].split, tasks[name].also) == (Path("wide"), "xview+", ("there",))
    for name in ("seed0-none-jm-linear", "seed0-scratch"):
        assert (tasks[name].data, tasks[name].split) == (store, "xview")


def test_split_and_seeds_of_the_command(tmp_path: Path, store: Path) -> None:
    path = _file(tmp_path, store)
    grid = Grid.read(path, split="xsub", seeds=(5,))
    assert (grid.name, grid.split) == ("tiny_xsub", "xsub")
    tasks = make_plan(grid).tasks
    assert all(task.seed == 5 and task.split == "xsub" for task in tasks.values())
    assert Grid.read(path, split="xview").name == "tiny"  # the file's own
    clips = _file(tmp_path, store, clips={"data": "wide", "split": "xview"})
    with pytest.raises(ValueError, match="says by clips: what trains"):
        Grid.read(clips, split="xsub")


def test_a_run_with_a_stage_1_of_its_own_counts_for_a_grid_that_would_share_it(tmp_path: Path, store: Path) -> None:
    alone = Grid.read(_file(tmp_path, store, rows=[{"exchange": "ekem", "modalities": "jmb"}]))
    lone = ComparisonState(tmp_path / "out", alone, make_plan(alone))
    assert lone.plan.tasks["seed0-ekem-jmb"].source == ""
    _work(lone, Machine(lone))
    grid = Grid.read(_file(tmp_path, store))
    state = ComparisonState(tmp_path / "out", grid, make_plan(grid))
    state.check()
    machine = Machine(state)
    assert _work(state, machine) == {}
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
        _plan(tmp_path, store, **changes)


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
    text = describe(_plan(tmp_path, store), lambda task: 8, lambda task: task.kind == "pretrain")
    assert "seed0-none-jmbaro: pretrain, 4 epochs x 6 branches x 8 clips = 192 clip-epochs, finished\n" in text
    assert "seed0-ekem-jmb: pretrain, 2 epochs x 3 branches x 8 clips = 48 clip-epochs, stage 1 of seed0-none" in text
    total = 2 * 192 + 2 * 96 + 48 + 2 * 3 * 3 * 8
    counted = f"7 runs, {total:,} clip-epochs (one clip, one branch, once), 144 of them to do"
    assert text.endswith(f"{counted}; training with labels comes on top")
    assert "evaluate with labels alone: seed0-scratch of jmb, 100 epochs" in text
    assert describe(_plan(tmp_path, store, rows=[{"modalities": "jm"}]), lambda task: 8, lambda task: False).endswith(
        "do"
    )


# Running


def test_an_evaluation_says_how_far_it_is(state: ComparisonState, monkeypatch: pytest.MonkeyPatch) -> None:
    task = next(task for task in state.plan.tasks.values() if task.kind == "evaluate")
    progress, told = ComparisonProgress(state, 1), []
    monkeypatch.setattr(progress.lines[0], "set_description_str", told.append)
    progress.watch([task])
    state.prepare(task)
    state.log(task.name).write_text(
        "train with labels, seed 0:   2%| | 2/100 [00:43<34:34]\r   3%| | 3/100 [01:06<35:44]"
    )
    progress.watch([task])
    progress.close()
    assert told[:2] == [f"  {task.name}: evaluate", f"  {task.name}: evaluate, 3/100"]


def test_what_is_finished_is_not_run_again(state: ComparisonState) -> None:
    first, second = Machine(state), Machine(state)
    assert _work(state, first) == {}
    assert sorted(first.started) == sorted(state.plan.tasks)
    assert _work(state, second) == {}
    assert second.started == []


def test_what_trains_no_encoder_goes_first(state: ComparisonState) -> None:
    machine = Machine(state)
    _work(state, machine)
    order = machine.started
    assert order[:3] == ["seed0-none-jmbaro", "seed0-none-jmbaro-linear", "seed0-none-jmbaro-knn"]
    assert order[-1] == "seed0-scratch"


def test_a_killed_comparison_goes_on(state: ComparisonState) -> None:
    first, second = Machine(state), Machine(state)

    def kill(tasks: list[Task]) -> None:
        if len(first.started) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _work(state, first, kill)
    assert first.fakes[-1].ended  # the process does not outlive it
    _work(state, second)
    assert sorted(first.started + second.started) == sorted(state.plan.tasks)


def test_a_failure_takes_only_its_dependents_along(state: ComparisonState) -> None:
    machine = Machine(state, broken=("seed0-ekem+ikem-jmbaro",))
    failed = _work(state, machine)
    assert failed.pop("seed0-ekem+ikem-jmbaro") == "training: no luck"
    lost = {name for name in state.plan.tasks if name.startswith("seed0-") and "ekem+ikem" in name}
    assert set(failed) == lost - {"seed0-ekem+ikem-jmbaro"}
    assert failed["seed0-rckd-from-ekem+ikem"].startswith("needs seed0-ekem+ikem-jmbaro")
    assert set(machine.started) == set(state.plan.tasks) - set(failed)
    again = Machine(state)
    assert _work(state, again) == {}
    assert set(again.started) == lost


def test_a_task_that_leaves_no_product_has_failed(state: ComparisonState) -> None:
    class Empty(Machine):
        def __call__(self, task: Task) -> Fake:
            self.state.prepare(task)
            return Fake(0)

    failed = _work(state, Empty(state))
    assert set(failed) == set(state.plan.tasks)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_no_more_processes_than_workers(state: ComparisonState, workers: int) -> None:
    machine, most = Machine(state, looks=2), []

    def watch(tasks: list[Task]) -> None:
        most.append(len(tasks))
        for task in tasks:
            _produce(state, task)

    assert _work(state, machine, watch, workers) == {}
    assert max(most) == workers


def test_a_run_waits_for_stage_1_but_not_for_the_end(state: ComparisonState) -> None:
    task = state.plan.tasks["seed0-ekem-jmb"]
    assert not state.ready(task)
    source = state.run(task.source)
    source.mkdir(parents=True)
    (source / "stage1.pt").touch()
    assert state.ready(task) and not state.done(state.plan.tasks[task.source])


def test_results_go_stale_with_their_options_and_their_model(
    state: ComparisonState, tmp_path: Path, store: Path
) -> None:
    _work(state, Machine(state))
    grid = Grid.read(_file(tmp_path, store, protocols={"linear": {"lr": 0.5}, "knn": {}}))
    other = ComparisonState(state.out, grid, make_plan(grid))
    other.check()
    machine = Machine(other)
    _work(other, machine)
    assert machine.started and all("-linear" in name for name in machine.started)
    model = other.run("seed0-ekem-jmb") / "model.safetensors"
    os.utime(model, ns=(2**62, 2**62))
    stale = {task.name for task in other.plan.tasks.values() if not other.done(task)}
    assert stale == {"seed0-ekem-jmb-linear", "seed0-ekem-jmb-knn"}


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"pretrain": {"epochs": 5, "stage1": 2}}, r"seed0-none-jmbaro was made with epochs 4 \(now 5\)"),
        ({"distil": {"epochs": 3, "shape.dropout": 0.25}}, r"seed0-rckd-from-ekem\+ikem was made with shape.dropout"),
        ({"split": "xsub"}, r"seed0-none-jmbaro was made with data 8 clips of \w+ \(now 6 clips of \w+\)"),
    ],
)
def test_a_changed_file_is_refused(
    state: ComparisonState, tmp_path: Path, store: Path, changes: dict, match: str
) -> None:
    _work(state, Machine(state))
    state.check()
    grid = Grid.read(_file(tmp_path, store, **changes))
    with pytest.raises(ValueError, match=match):
        ComparisonState(state.out, grid, make_plan(grid)).check()


def test_other_data_is_refused(state: ComparisonState, tmp_path: Path, store: Path) -> None:
    _work(state, Machine(state))
    other = tmp_path / "other"
    fields = {"label": np.arange(4) % 2}
    people = [[np.zeros((50, 25, 3))]] * 4
    write_store(other, people, fields, ("a", "b"), {"xview": np.array([1, 1, 0, 0])}, "test")
    grid = Grid.read(_file(tmp_path, store), data=other)
    with pytest.raises(ValueError, match=f"data 8 clips of {Store.open(store).hash[:8]}"):
        ComparisonState(state.out, grid, make_plan(grid)).check()


def test_commands(state: ComparisonState, store: Path) -> None:
    words = command(state.plan.tasks["seed0-ekem-jmb"], state, 1)[2:]
    run = state.run("seed0-ekem-jmb")
    assert words == [
        "training", "pretrain", "--out", str(run), "--data", str(store), "--threads", "1", "--split", "xview",
        "--config", str(state.out / "configs" / "seed0-ekem-jmb.yaml"), "--preset", "compact",
        "--stage1-from", str(state.run("seed0-none-jmbaro")),
    ]  # fmt: skip
    words = command(state.plan.tasks["seed0-none-jmbaro-knn"], state, 1)
    run = state.run("seed0-none-jmbaro")
    assert words[-9:] == ["--protocol", "knn", "--seeds", "0", "--run", str(run), "--subsets", "jmbaro", "jmb"]
    words = command(state.plan.tasks["seed0-scratch"], state, 1)
    assert "--run" not in words and words[words.index("--modalities") + 1] == "joint,motion,bone"
    words = command(state.plan.tasks["seed0-kl-from-ekem+ikem"], state, 1)
    assert words[words.index("--teacher") + 1] == str(state.run("seed0-ekem+ikem-jmbaro"))


def test_the_written_configuration_is_the_planned_one(state: ComparisonState) -> None:
    from training.comparison.plan import plain
    from training.config.schema import PretrainConfig
    from training.config.sources import from_sources

    task = state.plan.tasks["seed0-ekem-jmb"]
    state.prepare(task)
    assert plain(from_sources(PretrainConfig, "compact", state.config(task))) == task.config


# The whole


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
    path, out = _file(tmp_path, store), tmp_path / "out"
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
    compare(_file(tmp_path, store), tmp_path / "out", said.append, dry_run=True)
    assert "seed0-none-jmbaro: pretrain" in said[0]
    assert machines["all"] == [] and not (tmp_path / "out").exists()


def test_a_folder_has_one_comparison_at_a_time(tmp_path: Path, store: Path, machines: dict) -> None:
    fcntl = pytest.importorskip("fcntl")
    (tmp_path / "out").mkdir()
    with open(tmp_path / "out" / "lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(ValueError, match="in use by another comparison"):
            compare(_file(tmp_path, store), tmp_path / "out", lambda line: None)
    compare(_file(tmp_path, store), tmp_path / "out", lambda line: None)


def test_a_document_without_markers_is_refused_before_any_run(tmp_path: Path, store: Path, machines: dict) -> None:
    document = tmp_path / "RESULTS.md"
    document.write_text("nothing here\n")
    with pytest.raises(ValueError, match="compare tiny: begin"):
        compare(_file(tmp_path, store), tmp_path / "out", lambda line: None, document=document)
    assert machines["all"] == []


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
    path, out = _file(tmp_path, store, **changes), tmp_path / "out"
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
