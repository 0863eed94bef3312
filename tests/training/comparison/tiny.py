"""A tiny comparison, whose tasks only write the files that real ones would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import yaml

from training.comparison.grid import Grid
from training.comparison.plan import Task, TaskPlan, make_plan
from training.comparison.state import ComparisonState
from training.comparison.workers import work

ROWS = [
    {"exchange": ["none", "ekem+ikem"], "modalities": "jmbaro", "seeds": [0, 1]},
    {"modalities": ["j", "jmb"]},
    {"exchange": "ekem", "modalities": "jmb"},
    {"exchange": "ekem+ikem", "student": ["rckd", "kl"]},
    {"scratch": "jmb"},
]
SAID = {"split": "xview", "pretrain": {"epochs": 4, "stage1": 2}, "distil": {"epochs": 3}, "rows": ROWS}


def tiny_file(folder: Path, store: Path, **changes: object) -> Path:
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(SAID | {"data": str(store)} | changes))
    return path


def tiny_plan(folder: Path, store: Path, **changes: object) -> TaskPlan:
    return make_plan(Grid.read(tiny_file(folder, store, **changes)))


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


def produce(state: ComparisonState, task: Task) -> None:
    """The files that the real commands leave."""
    if task.kind == "evaluate":
        costs = {"parameters": 1e6, "flops": 2e9, "latency_ms": 3.0}
        names = task.modalities or state.plan.tasks[task.source].modalities
        sets = dict.fromkeys([*((name,) for name in names), *task.subsets, names])
        rows = [{"modalities": some, "accuracy": 50 + len(some) + task.seed} | costs for some in sets]
        state.result(task.name).write_text(json.dumps({"rows": rows, "config": task.config["values"]}))
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
            produce(self.state, task)
        self.fakes.append(Fake(int(broken), self.looks))
        return self.fakes[-1]


def work_through(
    state: ComparisonState, machine: Machine, watch: Callable = lambda tasks: None, workers: int = 1
) -> dict:
    return work(state, machine, workers, watch, lambda task, why: None)
