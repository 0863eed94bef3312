"""Table of a comparison, made from the result files: means over seeds, costs of each row, and what is missing."""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.modality_names import MODALITIES
from models.system import tables
from models.system.atomic import write_json, write_text
from models.system.words import count
from training.comparison.grid import DISTIL, PRETRAIN, SCRATCH, GridRow, letters
from training.comparison.plan import EVALUATE, Task
from training.comparison.state import ComparisonState

COSTS = {"parameters": ("parameters (M)", 1e6), "flops": ("GFLOPs", 1e9), "latency_ms": ("latency (ms)", 1.0)}


@dataclass(frozen=True, slots=True)
class Cell:
    """Results of one row in one column.

    Attributes:
        values: seed -> accuracy in %.
        wanted: number of seeds that the grid asks for.
    """

    values: dict[int, float] = field(default_factory=dict)
    wanted: int = 0

    @property
    def mean(self) -> float | None:
        """Mean over the seeds that have a result. None where there is none."""
        return statistics.fmean(self.values.values()) if self.values else None

    @property
    def std(self) -> float | None:
        """Standard deviation of a sample (n - 1). None for fewer than two seeds."""
        return statistics.stdev(self.values.values()) if len(self.values) > 1 else None

    def __str__(self) -> str:
        if self.mean is None:
            return "missing" if self.wanted else ""
        missing = self.wanted - len(self.values)
        spread = "" if self.std is None else f" +- {self.std:.1f}"
        return f"{self.mean:.1f}{spread}" + f" ({missing} missing)" * bool(missing)


@dataclass(slots=True)
class Line:
    """Row of the table with its cells by column, and the cost of one clip."""

    row: GridRow
    cells: dict[str, Cell]
    costs: dict[str, float] = field(default_factory=dict)


def gather(state: ComparisonState) -> list[Line]:
    """Collect all rows of the grid with the results that are there.

    No run has to be finished.
    """
    lines = []
    for row, columns in state.plan.cells.items():
        line = Line(row, {})
        for column, names in columns.items():
            done = {seed: name for seed, name in names.items() if state.done(state.plan.tasks[name])}
            found = {seed: read_result(state.result(name), row.modalities) for seed, name in done.items()}
            line.cells[column] = Cell({seed: one["accuracy"] for seed, one in found.items()}, len(names))
            for one in found.values():
                line.costs |= {key: one[key] for key in COSTS if key in one}
        lines.append(line)
    return lines


def read_result(path: Path, modalities: Iterable[str]) -> dict[str, Any]:
    """Read accuracy in % and costs of one set of modalities from a file that `evaluate` wrote.

    () stands for all modalities together.

    Raises:
        ValueError: the file says nothing of these modalities.
    """
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    wanted = set(modalities) or set(rows[-1]["modalities"])
    found = [row for row in rows if set(row["modalities"]) == wanted]
    if len(found) != 1:
        raise ValueError(f"{path} has {len(found)} results of {', '.join(wanted)}, not one; a column is one number")
    return found[0]


def words(row: GridRow, student: Iterable[str]) -> dict[str, str]:
    """Describe a row, column by column.

    Args:
        row: the row.
        student: modalities of the student.
    """
    of = row.modalities or tuple(student)
    model = {PRETRAIN: "encoders" if len(of) > 1 else "encoder", DISTIL: "student", SCRATCH: "student, labels alone"}
    teacher = f" from {letters(row.of)}" if row.kind == DISTIL and row.of != MODALITIES else ""
    inside = f" (of {letters(row.of)})" if row.kind == PRETRAIN and row.of not in ((), row.modalities) else ""
    return {
        "model": model[row.kind], "modalities": ", ".join(of) + inside, "exchange": row.exchange,
        "distillation": row.method + teacher, "variant": row.variant,
    }  # fmt: skip


def table(state: ComparisonState, lines: list[Line]) -> list[dict[str, str]]:
    """Format the rows as text, column by column.

    A column that no row fills is left out.
    """
    out = []
    for line in lines:
        cells = {column: str(line.cells.get(column, Cell())) for column in state.grid.protocols}
        seeds = max((len(cell.values) for cell in line.cells.values()), default=0)
        costs = {
            title: f"{line.costs[key] / unit:.2f}" if key in line.costs else ""
            for key, (title, unit) in COSTS.items()
        }  # fmt: skip
        out.append(words(line.row, _student(state, line.row)) | {"seeds": str(seeds)} | cells | costs)
    filled = [name for name in out[0] if any(row[name] for row in out)]
    return [{name: row[name] for name in filled} for row in out]


def _student(state: ComparisonState, row: GridRow) -> tuple[str, ...]:
    tasks = state.plan.tasks
    sources = [tasks[name].source for names in state.plan.cells[row].values() for name in names.values()]
    return tasks[sources[0]].modalities if row.kind == DISTIL else row.modalities


def markdown(rows: list[dict[str, str]]) -> str:
    """Format rows as a Markdown table, with text to the left and numbers to the right."""
    names = list(rows[0])
    left = ("model", "modalities", "exchange", "distillation", "variant")
    rule = f"|{'|'.join('---' if n in left else '---:' for n in names)}|"
    return "\n".join([tables.line(names), rule, *(tables.line(row.values()) for row in rows)])


def notes(state: ComparisonState) -> list[str]:
    """List where the numbers come from: data, split, budget and time."""
    grid, tasks = state.grid, state.plan.tasks.values()
    results = {task.name: json.loads(state.result(task.name).read_text(encoding="utf-8"))
               for task in tasks if task.kind == EVALUATE and state.done(task)}  # fmt: skip
    split = grid.split.removesuffix("+")
    timed = _timed_on(results.values())
    said = [f"Accuracy in % on the test half of `{split}`, of the last epoch; mean +- standard deviation (n - 1) where "
            f"there are two seeds or more. Costs are of one clip of one person{timed}."]  # fmt: skip
    if {"ikem", "cmd"} & {row.exchange for row in grid.rows}:
        said.append("The exchanges ikem and cmd keep InfoNCE beside them; ekem has it inside.")
    budgets: dict[str, None] = {}
    for task in tasks:
        if task.kind != EVALUATE:
            budgets[_budget(state, task)] = None
        else:
            budgets[_heads(task.config, results.get(task.name, {}).get("config", {}))] = None
    hours = state.seconds() / 3600
    return said + list(budgets) + ([f"Process time of all runs and evaluations: {hours:.1f} hours."] if hours else [])


def _timed_on(results: Iterable[dict[str, Any]]) -> str:
    """Say on what the latencies were measured that the results hold; "" where there are none, or none say it."""
    found: dict[str, None] = {}
    for row in (row for result in results for row in result["rows"] if "threads" in row):
        found[count(row["threads"], "thread") if row["device"] == "cpu" else row["device"]] = None
    return f", timed on {' and '.join(found)}" * bool(found)


def _heads(how: dict[str, Any], held: dict[str, Any]) -> str:
    # The precision may have been chosen by the processor; the result holds what it became.
    values = how["values"] | {key: held[key] for key in ("precision",) if key in held}
    shown: tuple[str, ...] = ("epochs", "batch", "lr", "schedule", "k", "precision")
    if values.get("solver") == "ridge":
        shown = ("solver", "penalty", "precision")
    shown += ("pooling",) if values.get("pooling", "mean") != "mean" else ()
    words = [f"{values[key]} epochs" if key == "epochs" else f"{key} {values[key]}" for key in shown if key in values]
    words += [f"power {values['power']}"] if values.get("power", 1) != 1 else []
    words += ["mirrored clips too"] * bool(values.get("mirror"))
    words += ["whole batches alone"] * bool(values.get("drop_last"))
    part = "" if how["fraction"] is None else f" of {100 * how['fraction']:g} % of the labels"
    return f"Evaluation {how['protocol']}{part}{', frozen encoders' * how['frozen']}: {', '.join(words)}."


def _budget(state: ComparisonState, task: Task) -> str:
    from training.config.schema import DistilConfig, PretrainConfig
    from training.method.pretrain import queue_length
    from training.runs.starts import held_precision

    how = task.config
    kind = PretrainConfig if task.kind == PRETRAIN else DistilConfig
    columns = queue_length(kind(**how), state.clips(task))
    stages = f", {how['stage1']} of them InfoNCE alone" if task.kind == PRETRAIN else ""
    also = f", with {', '.join(Path(name).name for name in task.also)}" if task.also else ""
    where = f"{task.data.name}, {'all clips' if task.split is None else task.split}"
    precision = held_precision(state.run(task.name)) or how["precision"]
    widths = "-".join(map(str, how["shape"]["channels"]))
    name = {PRETRAIN: "Pre-training", DISTIL: "Distillation"}[task.kind]
    variant = next((f" ({v})" for v in state.grid.variants if v and task.name.startswith(f"{v}-")), "")
    return (
        f"{name}{variant}: {count(how['epochs'], 'epoch')}{stages}; {state.clips(task):,} clips ({where}{also}); "
        f"batch {how['batch']}, queue {columns}, widths {widths}, {precision}."
    )


def write_tables(state: ComparisonState, document: Path | None = None) -> str:
    """Write OUT/GRID.md, GRID.csv, GRID.json, and the part of a document between the grid's markers.

    Returns:
        The Markdown text.
    """
    lines = gather(state)
    rows = table(state, lines)
    text = markdown(rows) + "\n\n" + "\n".join(f"- {note}" for note in notes(state))
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    for kind, content in (("md", text + "\n"), ("csv", sheet.getvalue())):
        write_text(state.out / f"{state.grid.name}.{kind}", content)
    write_json(state.out / f"{state.grid.name}.json", record(state, lines))
    if document is not None:
        insert(document, state.grid.name, text)
    return text


def record(state: ComparisonState, lines: list[Line]) -> dict[str, Any]:
    """Return the table for programs, with every seed's value, unrounded."""
    grid, rows = state.grid, []
    for line in lines:
        cells = {
            column: {"mean": c.mean, "std": c.std, "values": c.values, "wanted": c.wanted}
            for column, c in line.cells.items()
        }  # fmt: skip
        rows.append(words(line.row, _student(state, line.row)) | {"cells": cells} | line.costs)
    return {"grid": grid.name, "data": grid.data.name, "split": grid.split, "preset": grid.preset,
            "rows": rows, "notes": notes(state)}  # fmt: skip


def markers(name: str) -> tuple[str, str]:
    """Return the lines of a document between which a grid's table stands."""
    return f"<!-- compare {name}: begin -->", f"<!-- compare {name}: end -->"


def check_document(document: Path, name: str) -> tuple[str, str]:
    """Return the text before and the text after a grid's table in a document.

    Raises:
        ValueError: the document is missing or lacks the markers.
    """
    begin, end = markers(name)
    text = document.read_text(encoding="utf-8") if document.exists() else ""
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{document} has no place for the table: write the lines {begin} and {end} where it shall be")
    return head, tail


def insert(document: Path, name: str, text: str) -> None:
    """Replace the text between a grid's markers."""
    head, tail = check_document(document, name)
    begin, end = markers(name)
    whole = f"{head}{begin}\n\n{text}\n\n{end}{tail}"
    write_text(document, whole)
