"""Comparison: the runs that a grid's rows need, several processes at a time, and the table of their results.

What is finished is not run again, and what was killed goes on from its checkpoint.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from models.system.lock import alone
from models.system.signals import ended_as_by_ctrl_c
from training.comparison.grid import Grid
from training.comparison.plan import EVALUATE, Task, describe, make_plan
from training.comparison.state import ComparisonState
from training.comparison.workers import Start, shared_out, starter, work


class ComparisonProgress:
    """Progress of a comparison: one bar over the clips of all training, and a line for each process.

    Args:
        state: of the comparison.
        workers: lines.
    """

    def __init__(self, state: ComparisonState, workers: int) -> None:
        from tqdm import tqdm

        self.state = state
        training = [task for task in state.plan.tasks.values() if task.passes]
        self.cost = {task.name: task.branches * state.clips(task) for task in training}
        # An evaluation that was killed begins anew.
        kept = {task.name: task.kind != EVALUATE or state.done(task) for task in training}
        self.part = {task.name: kept[task.name] * state.epochs(task)[0] * self.cost[task.name] for task in training}
        total, here = sum(task.epochs * self.cost[task.name] for task in training), sum(self.part.values())
        self.bar = tqdm(total=total, initial=here, unit="clip-epoch", unit_scale=True, desc="compare", mininterval=2)
        quiet = not sys.stderr.isatty()
        self.lines = [tqdm(bar_format="{desc}", position=i + 1, leave=False, disable=quiet) for i in range(workers)]

    def watch(self, tasks: list[Task]) -> None:
        """Show how far the running tasks are."""
        words = []
        for task in tasks:
            done, loss = self.advance(task)
            doing = f"epoch {done}/{task.epochs}, loss {loss:.3f}" if loss is not None else self._begun(task)
            words.append(f"  {task.name}: {doing}")
        for line, text in zip(self.lines, words + [""] * len(self.lines), strict=False):
            line.set_description_str(text)

    def advance(self, task: Task) -> tuple[int, float | None]:
        """Bring the bar to where a task is, and return its epochs and the loss of the last one."""
        done, loss = self.state.epochs(task)
        if task.name in self.part:
            # A line that is no bar's may stand last in a log for a moment.
            new = max(done * self.cost[task.name], self.part[task.name])
            self.bar.update(new - self.part[task.name])
            self.part[task.name] = new
        return done, loss

    def _begun(self, task: Task) -> str:
        """Say how far the bar is that a task without a log of epochs prints: an evaluation may train for long."""
        steps = re.findall(r"\d+/\d+", self.state.last_words(task.name))
        return f"{task.kind}, {steps[-1]}" if steps else task.kind

    def close(self) -> None:
        """Close the bars and leave them as they are."""
        for line in (*reversed(self.lines), self.bar):
            line.close()


def compare(
    config: Path,
    out: Path,
    note: Callable[[str], None],
    data: Path | None = None,
    workers: int = 1,
    dry_run: bool = False,
    document: Path | None = None,
    devices: Sequence[str] = (),
    split: str | None = None,
    seeds: Sequence[int] | None = None,
) -> ComparisonState:
    """Run a grid and write its table (OUT/GRID.md, GRID.csv, GRID.json and pictures).

    Args:
        config: YAML file, see training/configs.
        out: folder of everything; what is finished there is not done again. Several grids may share one, and the runs
            that they have in common.
        note: told what happens.
        data: store instead of the file's.
        workers: processes at a time; two of one thread are faster than one of two.
        dry_run: only say what would run, and what it costs.
        document: Markdown file whose part between this grid's markers becomes the table.
        devices: numbers of the GPUs, shared out evenly between the workers; none leaves them to each run.
        split: of the store, instead of the file's.
        seeds: of every row, instead of the file's.

    Returns:
        The state of the comparison, which knows its rows and where their results are.

    Raises:
        ValueError: the file is wrong; the GPUs cannot be shared out; OUT holds runs of another configuration, or is in
            use; or some runs failed.
    """
    from training.comparison.curves import draw_all
    from training.comparison.tables import check_document, gather, write_tables

    if workers < 1:
        raise ValueError(f"--workers must be at least 1; got {workers}")
    shared_out(devices, workers)
    grid = Grid.read(config, data, split, seeds)
    state = ComparisonState(out.resolve(), grid, make_plan(grid))
    state.check()
    if document is not None:
        check_document(document, grid.name)
    if dry_run:
        note(describe(state.plan, state.clips, state.done))
        return state
    refusal = (
        f"{state.out} is in use by another comparison, or by runs that a killed one left behind; "
        "wait for them, or end them"
    )
    with alone(state.out, refusal) as lock, ended_as_by_ctrl_c():
        failed = _run(state, starter(state, workers, lock, devices), workers, note)
        table = write_tables(state, document)
        draw_all(state, gather(state))
    note(table)
    if failed:
        raise ValueError(_complaint(state, failed))
    return state


def _complaint(state: ComparisonState, failed: dict[str, str]) -> str:
    lost = [name for name in failed if state.plan.tasks[name].source in failed]
    named = "; ".join(f"{name}: {why} ({state.log(name)})" for name, why in failed.items() if name not in lost)
    also = f"; {len(lost)} more needed what these would have made" if lost else ""
    return (
        f"{len(failed)} of {len(state.plan.tasks)} tasks failed, and the table shows what is missing; "
        f"the same command tries them again. {named}{also}"
    )


def _run(state: ComparisonState, start: Start, workers: int, note: Callable[[str], None]) -> dict[str, str]:
    from training.comparison.tables import write_tables

    progress = ComparisonProgress(state, workers)

    def finish(task: Task, why: str) -> None:
        progress.advance(task)
        note(f"{task.name} failed: {why} (see {state.log(task.name)})" if why else f"{task.name} is finished")
        if task.kind == EVALUATE and not why:
            write_tables(state)

    try:
        return work(state, start, workers, progress.watch, finish)
    finally:
        progress.close()
