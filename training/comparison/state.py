"""State of a comparison's tasks, kept in its folder.

OUT/runs/NAME is a run, OUT/results/GRID/NAME.json an evaluation. OUT/configs holds the settings of each task,
OUT/logs/NAME.log what it printed, and OUT/times.jsonl the seconds that each try took. Grids that share OUT share its
runs.
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import yaml

from models.system.atomic import write_json, write_text
from training.comparison.grid import PRETRAIN, Grid
from training.comparison.plan import EVALUATE, Task, TaskPlan
from training.data.pool import Pool
from training.data.store import Store
from training.runs.run_folder import CONFIG, FREE, LATER, LOG, MODEL, STAGE1, read_config


@functools.lru_cache(maxsize=16)
def _pool(names: tuple[str, ...]) -> Pool:
    return Pool.open(names)


def _clips(task: Task) -> Pool:
    return _pool((f"{task.data}:{task.split}" if task.split else str(task.data), *task.also))


class ComparisonState:
    """Folder of a comparison, which holds the state of its tasks.

    Args:
        out: the folder.
        grid: what its file says.
        plan: its tasks.
    """

    def __init__(self, out: Path, grid: Grid, plan: TaskPlan) -> None:
        self.out, self.grid, self.plan = Path(out), grid, plan

    def run(self, name: str) -> Path:
        """Return the folder of a run."""
        return self.out / "runs" / name

    def result(self, name: str) -> Path:
        """Return the file of an evaluation."""
        return self.out / "results" / self.grid.name / f"{name}.json"

    def log(self, name: str) -> Path:
        """Return the file of what a task has printed."""
        return self.out / "logs" / f"{name}.log"

    def config(self, task: Task) -> Path:
        """Return the file of the values that a task's command reads."""
        folder = self.out / "configs"
        return (folder / self.grid.name if task.kind == EVALUATE else folder) / f"{task.name}.yaml"

    def clips(self, task: Task) -> int:
        """Return the number of clips that a task trains on; of an evaluation about so many, with and without label."""
        return round(len(_clips(task)) * (task.config.get("fraction") or 1))

    def done(self, task: Task) -> bool:
        """Return whether a task's product is there.

        A result of other settings, or of an older model, does not count.
        """
        if task.kind != EVALUATE:
            return (self.run(task.name) / MODEL).exists()
        result, model = self.result(task.name), self.run(task.source) / MODEL
        if not result.exists() or (task.source and not model.exists()):
            return False
        fresh = not task.source or result.stat().st_mtime_ns >= model.stat().st_mtime_ns
        return fresh and _read(self.config(task).with_suffix(".json")) == self.asked(task)

    def ready(self, task: Task) -> bool:
        """Return whether what a task needs is there.

        That is stage 1 of its source, or its source's end.
        """
        needed = STAGE1 if task.kind == PRETRAIN else MODEL
        return not task.source or (self.run(task.source) / needed).exists()

    def asked(self, task: Task) -> dict[str, Any]:
        """Return the settings that decide a task's outcome, as a run's config.json names them."""
        said = {"config": task.config, "data": _clips(task).record}
        if task.kind != EVALUATE:
            source = {"stage1" if task.kind == PRETRAIN else "teacher": task.source or None}
            return said | {"kind": task.kind} | source
        subsets = [list(names) for names in task.subsets]
        return said | {"split": task.split, "run": task.source, "modalities": list(task.modalities),
                       "subsets": subsets, "seed": task.seed}  # fmt: skip

    def check(self) -> None:
        """Make sure that existing runs were made with the same settings, and that what is to be judged can be.

        Raises:
            ValueError: some were made with others; the message names them and what differs. Or a split lacks labels.
        """
        from training.evaluation.protocols import Labelled

        judged = [task for task in self.plan.tasks.values() if task.kind == EVALUATE and not self.done(task)]
        for data, split in dict.fromkeys((task.data, task.split) for task in judged):
            assert split is not None, "evaluations have a split"
            Labelled.of(Store(data), split)
        lines = []
        for task in self.plan.tasks.values():
            if task.kind != EVALUATE and (self.run(task.name) / CONFIG).exists():
                held, asked = read_config(self.run(task.name)), self.asked(task)
                if task.kind == PRETRAIN and self.done(task):
                    # Whether its stage 1 was its own or another run's with the same values, it is worth the same.
                    held["stage1"] = asked["stage1"]
                changed = _differences(held, asked)
                lines += [f"{self.run(task.name)} was made with {', '.join(changed)}"] * bool(changed)
        if lines:
            raise ValueError("; ".join(lines) + ". Give another --out, or delete what shall be made anew")

    def prepare(self, task: Task) -> None:
        """Write down a task's settings before its start.

        An earlier result of an evaluation is deleted.
        """
        self.run(task.name).parent.mkdir(parents=True, exist_ok=True)
        for path in (self.result(task.name), self.config(task), self.log(task.name)):
            path.parent.mkdir(parents=True, exist_ok=True)
        values = task.config
        if task.kind == EVALUATE:
            self.result(task.name).unlink(missing_ok=True)
            values = task.config["values"]
            write_json(self.config(task).with_suffix(".json"), self.asked(task))
        # Not as JSON, which writes 1e-05: YAML takes that for text.
        write_text(self.config(task), yaml.safe_dump(values, sort_keys=False))

    def epochs(self, task: Task) -> tuple[int, float | None]:
        """Return how many epochs of its own a training task has done, and the loss of the last one."""
        if self.done(task):
            return task.epochs, None
        if not task.epochs or task.kind == EVALUATE:
            return self._labelled_epochs(task), None
        earlier = task.config["epochs"] - task.epochs
        last = _last_entry(self.run(task.name) / LOG)
        return max(int(last.get("epoch", earlier)) - earlier, 0), last.get("loss")

    def _labelled_epochs(self, task: Task) -> int:
        """Return how many epochs an evaluation's bar says that it has trained, of all its repeats."""
        bar = re.search(r"seed (\d+): .* (\d+)/(\d+) ", self.last_words(task.name)) if task.epochs else None
        if bar is None:
            return 0
        seed, epoch, epochs = map(int, bar.groups())
        return epoch + (seed * epochs if task.config["fraction"] else 0)

    def last_words(self, name: str) -> str:
        """Return the last line that a task printed."""
        try:
            lines = self.log(name).read_text(encoding="utf-8", errors="replace").replace("\r", "\n").splitlines()
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def record(self, task: Task, seconds: float, code: int) -> None:
        """Record how long a try took."""
        with open(self.out / "times.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps({"task": task.name, "seconds": round(seconds, 1), "code": code}) + "\n")

    def seconds(self) -> float:
        """Return how many seconds all tries of all tasks of the plan took together."""
        path = self.out / "times.jsonl"
        tries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        return sum(entry["seconds"] for entry in tries if entry["task"] in self.plan.tasks)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _last_entry(log: Path) -> dict[str, Any]:
    """Return the last whole line of a run's log.

    The file is small, and a process may be writing it.
    """
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    for line in reversed(lines):
        try:
            return json.loads(line)
        except ValueError:
            continue
    return {}


def _differences(held: dict[str, Any], asked: dict[str, Any], prefix: str = "") -> list[str]:
    """List the settings that differ (e.g. "epochs 200 (now 100)")."""
    out = []
    for key, value in asked.items():
        if isinstance(value, dict) and isinstance(held.get(key), dict):
            out += _differences(held[key], value, "" if key == "config" else f"{prefix}{key}.")
        elif key == "precision" and value == "auto":
            continue  # the run says what it became
        elif key not in FREE and (key in held or key not in LATER) and held.get(key) != value:
            out.append(f"{prefix}{key} {_short(held.get(key))} (now {_short(value)})")
    return out


def _short(value: Any) -> str:
    """Shorten a value of config.json to a few words.

    Clips are named by their number and the beginning of their store's hash.
    """
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return ", ".join(f"{part['clips']} clips of {part['data_hash'][:8]}" for part in value)
    return str(value)
