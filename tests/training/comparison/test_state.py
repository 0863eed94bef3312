"""Running and resuming a comparison, with tasks that only write the files that a real one would."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.training.comparison.tiny import Fake, Machine, produce, tiny_file, work_through
from training.comparison.compare import ComparisonProgress
from training.comparison.grid import Grid
from training.comparison.plan import Task, make_plan
from training.comparison.state import ComparisonState
from training.comparison.workers import command
from training.data.store import Store, write_store


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


def test_the_bar_counts_all_training_to_its_end(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    protocols = {"scratch": {"epochs": 10}, "half": {"protocol": "semi", "fraction": 0.5, "epochs": 6}, "knn": {}}
    grid = Grid.read(tiny_file(tmp_path, store, protocols=protocols))
    state = ComparisonState(tmp_path / "out", grid, make_plan(grid))
    progress, steps = ComparisonProgress(state, 1), []
    monkeypatch.setattr(progress.bar, "update", steps.append)
    scratch, half = state.plan.tasks["seed0-scratch"], state.plan.tasks["seed0-rckd-from-ekem+ikem-half"]
    assert (scratch.passes, half.passes, state.clips(scratch), state.clips(half)) == (10 * 3, 5 * 6 * 3, 8, 4)
    runs = 2 * (4 * 6 + 2 * 6) * 8 + 2 * 3 * 8 + 2 * 3 * 3 * 8  # none and both of two seeds, ekem, two students
    semi = 2 * 5 * 6 * 6 * 4 * 2 + 5 * 6 * 3 * 4 + 2 * 5 * 6 * 3 * 4
    assert progress.bar.total == runs + semi + 10 * 3 * 8
    for task, said, clip_epochs in (
        (scratch, "train with labels, seed 3:  40%|## | 4/10 [00:43<34:34, 9s/epoch]", 4 * 3 * 8),
        (half, "train with labels, seed 2:  50%|## | 3/6 [00:43<34:34, 9s/epoch]", 15 * 3 * 4),
    ):
        state.prepare(task)
        state.log(task.name).write_text(said)
        steps.clear()
        progress.watch([task])
        assert steps == [clip_epochs]
        assert ComparisonProgress(state, 1).part[task.name] == 0  # begun anew, none of it would count
        produce(state, task)
    steps.clear()
    for task in state.plan.tasks.values():
        if not state.done(task):
            state.prepare(task)
            produce(state, task)
        progress.advance(task)
    progress.close()
    assert sum(steps) == progress.bar.total - 4 * 3 * 8 - 15 * 3 * 4


def test_what_is_finished_is_not_run_again(state: ComparisonState) -> None:
    first, second = Machine(state), Machine(state)
    assert work_through(state, first) == {}
    assert sorted(first.started) == sorted(state.plan.tasks)
    assert work_through(state, second) == {}
    assert second.started == []


def test_what_trains_no_encoder_goes_first(state: ComparisonState) -> None:
    machine = Machine(state)
    work_through(state, machine)
    order = machine.started
    assert order[:3] == ["seed0-none-jmbaro", "seed0-none-jmbaro-linear", "seed0-none-jmbaro-knn"]
    assert order[-1] == "seed0-scratch"


def test_a_killed_comparison_goes_on(state: ComparisonState) -> None:
    first, second = Machine(state), Machine(state)

    def kill(tasks: list[Task]) -> None:
        if len(first.started) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_through(state, first, kill)
    assert first.fakes[-1].ended  # the process does not outlive it
    work_through(state, second)
    assert sorted(first.started + second.started) == sorted(state.plan.tasks)


def test_a_failure_takes_only_its_dependents_along(state: ComparisonState) -> None:
    machine = Machine(state, broken=("seed0-ekem+ikem-jmbaro",))
    failed = work_through(state, machine)
    assert failed.pop("seed0-ekem+ikem-jmbaro") == "training: no luck"
    lost = {name for name in state.plan.tasks if name.startswith("seed0-") and "ekem+ikem" in name}
    assert set(failed) == lost - {"seed0-ekem+ikem-jmbaro"}
    assert failed["seed0-rckd-from-ekem+ikem"].startswith("needs seed0-ekem+ikem-jmbaro")
    assert set(machine.started) == set(state.plan.tasks) - set(failed)
    again = Machine(state)
    assert work_through(state, again) == {}
    assert set(again.started) == lost


def test_a_task_that_leaves_no_product_has_failed(state: ComparisonState) -> None:
    class Empty(Machine):
        def __call__(self, task: Task) -> Fake:
            self.state.prepare(task)
            return Fake(0)

    failed = work_through(state, Empty(state))
    assert set(failed) == set(state.plan.tasks)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_no_more_processes_than_workers(state: ComparisonState, workers: int) -> None:
    machine, most = Machine(state, looks=2), []

    def watch(tasks: list[Task]) -> None:
        most.append(len(tasks))
        for task in tasks:
            produce(state, task)

    assert work_through(state, machine, watch, workers) == {}
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
    work_through(state, Machine(state))
    grid = Grid.read(tiny_file(tmp_path, store, protocols={"linear": {"lr": 0.5}, "knn": {}}))
    other = ComparisonState(state.out, grid, make_plan(grid))
    other.check()
    machine = Machine(other)
    work_through(other, machine)
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
    work_through(state, Machine(state))
    state.check()
    grid = Grid.read(tiny_file(tmp_path, store, **changes))
    with pytest.raises(ValueError, match=match):
        ComparisonState(state.out, grid, make_plan(grid)).check()


def test_other_data_is_refused(state: ComparisonState, tmp_path: Path, store: Path) -> None:
    work_through(state, Machine(state))
    other = tmp_path / "other"
    fields = {"label": np.arange(4) % 2}
    people = [[np.zeros((50, 25, 3))]] * 4
    write_store(other, people, fields, ("a", "b"), {"xview": np.array([1, 1, 0, 0])}, "test")
    grid = Grid.read(tiny_file(tmp_path, store), data=other)
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
