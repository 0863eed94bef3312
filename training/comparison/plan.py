"""Plan of a comparison: the runs that it needs, each of them once, and the result that fills each cell of its table.

Stage 1 of pre-training (InfoNCE alone) is the same for every exchange. One shared run a seed, over all the modalities
that the rows want, therefore gives its stage 1 to every run with an exchange. The shared run itself goes on without
exchange. Its branches stay independent of one another, so any subset of them is judged without training anything more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from models.modality_names import MODALITIES
from models.system.words import count
from training.comparison.grid import DISTIL, PRETRAIN, SCRATCH, Grid, GridRow, letters
from training.config.schema import DistilConfig, PretrainConfig

EVALUATE = "evaluate"
# Values of heads that came later, and what they usually are: results that know nothing of them stay.
LATER_VALUES = {"drop_last": False, "power": 1.0, "mirror": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run of one command.

    Attributes:
        name: of its folder in OUT/runs, or of its file in OUT/results/GRID.
        kind: pretrain, distil or evaluate.
        data: the store.
        split: of the store; None trains on all clips.
        seed: of everything random.
        also: further stores, "FOLDER" or "FOLDER:SPLIT".
        config: every value of the configuration; of an evaluation also the protocol.
        source: the run whose stage 1, teacher or branches this one takes; "" for none.
        modalities: that it trains; () of an evaluation: the run's.
        branches: that it trains, encoders and all; 0 of an evaluation whose encoders are frozen.
        subsets: sets of modalities that are judged besides each alone and all together.
        epochs: that it trains them itself, without those of its source; with shares of the labels, of all its draws.
    """

    name: str
    kind: str
    data: Path
    split: str | None
    seed: int
    also: tuple[str, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    source: str = ""
    modalities: tuple[str, ...] = ()
    subsets: tuple[tuple[str, ...], ...] = ()
    branches: int = 0
    epochs: int = 0

    @property
    def passes(self) -> int:
        """Epochs times branches. This times the number of clips is the task's cost."""
        return self.epochs * self.branches


@dataclass(slots=True)
class TaskPlan:
    """Tasks of a comparison, each after its source, and the cells that their results fill.

    Attributes:
        tasks: by name.
        cells: row -> column -> seed -> name of the evaluation; the row's modalities say which of its results.
    """

    tasks: dict[str, Task] = field(default_factory=dict)
    cells: dict[GridRow, dict[str, dict[int, str]]] = field(default_factory=dict)

    def add(self, task: Task) -> str:
        """Add a task, unless it is there already, and return its name."""
        assert self.tasks.setdefault(task.name, task) == task, f"two different tasks are called {task.name}"
        assert not task.source or task.source in self.tasks
        return task.name


def make_plan(grid: Grid) -> TaskPlan:
    """Plan every task that the grid's rows need.

    All training comes first, then the evaluations, one for each run and column.

    Raises:
        ValueError: a row asks for what cannot be (an exchange of one modality, a subset of what its run lacks).
    """
    plan = TaskPlan(cells={row: {} for row in grid.rows})
    judged: dict[tuple[str, str, int], list[GridRow]] = {}
    for row, request in grid.rows.items():
        for seed in sorted(request.seeds):
            run = _run(plan, grid, row, seed)
            for column in (c for c in grid.protocols if c in request.columns):
                judged.setdefault((run, column, seed), []).append(row)
    for (run, column, seed), rows in judged.items():
        trained = plan.tasks[run].modalities if run else ()
        name = plan.add(_evaluation(grid, run, trained, column, seed, rows))
        for row in rows:
            plan.cells[row].setdefault(column, {})[seed] = name
    return plan


def _trained_as(grid: Grid, row: GridRow) -> str:
    """Return the variant whose pre-training a row judges.

    Where a variant changes distillation alone, that is the file's own.
    """
    own, base = grid.variants[row.variant], grid.variants[""]
    same = not own.pretrain and (own.data, own.split, own.also) == (base.data, base.split, base.also)
    return "" if same else row.variant


def _wide(grid: Grid, variant: str) -> tuple[str, ...]:
    """Return all modalities that the rows of a pre-training's variant want.

    The shared run trains these.
    """
    rows = [row for row in grid.rows if _trained_as(grid, row) == variant and row.kind != SCRATCH]
    return tuple(name for name in MODALITIES if any(name in row.modalities + row.of for row in rows))


def _wanted(grid: Grid, variant: str, seed: int) -> set[tuple[str, tuple[str, ...]]]:
    """Return exchange and modalities of all pre-training runs of a seed."""
    rows = [row for row, request in grid.rows.items() if seed in request.seeds and _trained_as(grid, row) == variant]
    return {(row.exchange, row.of or _wide(grid, variant)) for row in rows if row.kind != SCRATCH}


def _name(variant: str, seed: int, rest: str) -> str:
    return "-".join([variant] * bool(variant) + [f"seed{seed}", rest])


def _run(plan: TaskPlan, grid: Grid, row: GridRow, seed: int) -> str:
    """Add the run that a row judges, after all that it needs, and return its name."""
    if row.kind == SCRATCH:
        return ""
    trained = _trained_as(grid, row)
    of = row.of or _wide(grid, trained)
    if missing := set(row.modalities) - set(of):
        raise ValueError(f"a row wants {', '.join(sorted(missing))} of a pre-training of {letters(of)} alone")
    teacher = _pretraining(plan, grid, trained, seed, row.exchange, of)
    return teacher if row.kind == PRETRAIN else _distillation(plan, grid, row, teacher, seed)


def _pretraining(plan: TaskPlan, grid: Grid, variant: str, seed: int, exchange: str, of: tuple[str, ...]) -> str:
    base = ("none", _wide(grid, variant))
    config = grid.values(PretrainConfig, variant, seed=seed, exchange=exchange, modalities=of)
    # Nothing is shared by a lone run, nor without a first stage.
    alone = (exchange, of) == base or _wanted(grid, variant, seed) == {(exchange, of)} or not config.stage1
    source = "" if alone else _pretraining(plan, grid, variant, seed, *base)
    epochs = config.epochs - (config.stage1 if source else 0)
    name = _name(variant, seed, f"{exchange}-{letters(of)}")
    return plan.add(Task(name=name, kind=PRETRAIN, config=plain(config), source=source, modalities=of,
                         branches=len(of), epochs=epochs, seed=seed, **_clips(grid, variant)))  # fmt: skip


def _distillation(plan: TaskPlan, grid: Grid, row: GridRow, teacher: str, seed: int) -> str:
    config = grid.values(DistilConfig, row.variant, seed=seed, method=row.method)
    if config.start == "teacher" and (missing := [name for name in config.modalities if name not in row.of]):
        raise ValueError(
            f"a student that starts as its teacher wants {', '.join(missing)}, which its teacher of {letters(row.of)} "
            "lacks; give the row more modalities, the distillation fewer, or start: random"
        )
    part = "" if row.of == MODALITIES else f"-{letters(row.of)}"
    name = _name(row.variant, seed, f"{row.method}-from-{row.exchange}{part}")
    return plan.add(Task(name=name, kind=DISTIL, config=plain(config), source=teacher, epochs=config.epochs,
                         modalities=config.modalities, branches=len(config.modalities), seed=seed,
                         **_clips(grid, row.variant)))  # fmt: skip


def _clips(grid: Grid, variant: str) -> dict[str, Any]:
    chosen = grid.variants[variant]
    return {"data": chosen.data or grid.data, "split": chosen.split, "also": chosen.also}


def _evaluation(grid: Grid, run: str, trained: tuple[str, ...], column: str, seed: int, rows: list[GridRow]) -> Task:
    """Make the evaluation that answers for all rows of a run, which has trained some modalities.

    Without a run it trains one model, which holds the modalities of all rows.
    """
    from training.evaluation.protocols import SEMI_REPEATS

    words = [run or _name("", seed, SCRATCH), re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")]
    names = () if run else tuple(name for name in MODALITIES if any(name in row.modalities for row in rows))
    subsets = tuple(dict.fromkeys(row.modalities for row in rows if len(row.modalities) > 1))
    config = _judging(grid, column)
    tuned = config["protocol"] in (SCRATCH, "finetune", "semi") and not config["frozen"]
    epochs = config["values"]["epochs"] * (SEMI_REPEATS if config["fraction"] else 1) if tuned else 0
    return Task(name="-".join(words[: 1 if column == SCRATCH else 2]), kind=EVALUATE, data=grid.data,
                split=grid.split.removesuffix("+"), seed=seed, source=run, config=config, modalities=names,
                subsets=subsets, branches=tuned * len(names or trained), epochs=epochs)  # fmt: skip


def _judging(grid: Grid, column: str) -> dict[str, Any]:
    """Return a column's protocol and all its values.

    A student from scratch has the shape of the distilled ones.
    """
    from training.evaluation.protocols import make_config

    told = dict(grid.protocols[column])
    protocol, frozen = told.pop("protocol"), bool(told.pop("frozen", False))
    fraction, preset = told.pop("fraction", None), told.pop("preset", None)
    if (protocol == "semi") != (fraction is not None):
        raise ValueError(f"the column {column} needs fraction: with the protocol semi, and only there")
    if protocol == SCRATCH:
        told = {"shape": asdict(grid.values(DistilConfig, "").shape)} | told
    if preset is None and not frozen and protocol in ("semi", "finetune", SCRATCH):
        preset = grid.preset
    try:
        values = plain(make_config(protocol, frozen, preset, told, grid.preset))
    except ValueError as error:
        raise ValueError(f"the column {column}: {error}") from None
    for name, usual in LATER_VALUES.items():
        if values.get(name) == usual:
            del values[name]
    return {"protocol": protocol, "frozen": frozen, "fraction": fraction, "values": values}


def plain(config: Any) -> dict[str, Any]:
    """Convert a configuration to what JSON and YAML hold."""
    return json.loads(json.dumps(asdict(config)))


def describe(plan: TaskPlan, clips: Callable[[Task], int], done: Callable[[Task], bool]) -> str:
    """Describe the plan: the runs in order, what they share and what they cost.

    Args:
        plan: what `make_plan` made.
        clips: number of clips that a task trains on.
        done: whether a task is finished.
    """
    lines, total, left = [], 0, 0
    for task in plan.tasks.values():
        cost = task.passes * clips(task) if task.passes else 0
        total += cost
        left += 0 if done(task) else cost
        if task.kind == EVALUATE:
            continue
        shares = {PRETRAIN: f", stage 1 of {task.source}", DISTIL: f", teacher {task.source}"}[task.kind]
        epochs = count(task.epochs, "epoch")
        lines.append(
            f"{task.name}: {task.kind}, {epochs} x {task.branches} branches x {clips(task):,} clips"
            f" = {cost:,} clip-epochs{shares * bool(task.source)}{', finished' * done(task)}"
        )
    judged: dict[str, list[str]] = {}
    for task in (task for task in plan.tasks.values() if task.kind == EVALUATE):
        sum_of = f" = {task.passes * clips(task):,} clip-epochs" if task.passes else ""
        said = _judged(task) + sum_of + " (finished)" * done(task)
        judged.setdefault(task.source or "with labels alone", []).append(said)
    lines += [f"evaluate {source}: {'; '.join(words)}" for source, words in judged.items()]
    runs = sum(task.kind != EVALUATE for task in plan.tasks.values())
    lines.append(f"{runs} runs, {total:,} clip-epochs (one clip, one branch, once), {left:,} of them to do")
    return "\n".join(lines)


def _judged(task: Task) -> str:
    column = task.name.removeprefix(f"{task.source}-")
    sets = [letters(names) for names in task.subsets]
    told = f"{column} of {', '.join(sets)}" if sets else column
    return told + (f", {count(task.epochs, 'epoch')} x {task.branches} branches" if task.passes else "")
