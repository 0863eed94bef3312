"""Pictures of a comparison: each run's loss by epoch, its diagnostics by modality, and the table as bars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.comparison.grid import GridRow, letters
from training.comparison.plan import EVALUATE
from training.runs.run_folder import read_log

if TYPE_CHECKING:
    from training.comparison.state import ComparisonState
    from training.comparison.tables import Line

HEALTH = {
    "self_hit": "nearest key is the clip's own",
    "std": "spread of the embedding (1: even)",
    "rank": "effective rank of the embedding",
}


def _pyplot() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def _save(figure: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    _pyplot().close(figure)


def draw_all(state: ComparisonState, lines: Sequence[Line]) -> None:
    """Draw the pictures of a comparison into OUT/pictures/GRID.

    These are losses.png, bars.png, and health_RUN.png for every run that logged diagnostics (training.method.collapse).
    """
    folder = state.out / "pictures" / state.grid.name
    logs = {task.name: read_log(state.run(task.name)) for task in state.plan.tasks.values()
            if task.kind != EVALUATE}  # fmt: skip
    logs = {name: log for name, log in logs.items() if log}
    if logs:
        draw_losses(logs, folder / "losses.png")
    for name, log in logs.items():
        draw_health(log, name, folder / f"health_{name}.png")
    if any(cell.values for line in lines for cell in line.cells.values()):
        draw_bars(lines, list(state.grid.protocols), folder / "bars.png")


def draw_losses(logs: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Draw the loss of every run by epoch, a line a run.

    Losses differ in scale, so each is divided by its first value and every line starts at 1.
    """
    figure, axes = _pyplot().subplots(figsize=(10, 5.5), layout="constrained")
    for i, (name, log) in enumerate(logs.items()):
        losses = [entry["loss"] for entry in log]
        scale = abs(losses[0]) or 1.0
        style = ("-", "--", ":", "-.")[i // 10 % 4]
        axes.plot([e["epoch"] for e in log], [x / scale for x in losses], style, color=f"C{i % 10}", label=name, lw=1.2)
    axes.set(xlabel="epoch", ylabel="loss / loss of the run's first epoch", title="Training losses")
    figure.legend(loc="outside right upper", fontsize=7)
    _save(figure, path)


def draw_health(log: list[dict[str, Any]], name: str, path: Path) -> None:
    """Draw a run's diagnostics, a panel for each and a line for each modality.

    Nothing is drawn where none was logged.
    """
    names = sorted({key.split("/")[0] for entry in log for key in entry if "/" in key})
    signs = [sign for sign in HEALTH if any(f"{name}/{sign}" in entry for entry in log for name in names)]
    if not signs:
        return
    figure, axes = _pyplot().subplots(1, len(signs), figsize=(4.2 * len(signs), 3.4), layout="constrained")
    for panel, sign in zip([axes] if len(signs) == 1 else axes, signs, strict=True):
        for modality in names:
            points = [(entry["epoch"], entry[f"{modality}/{sign}"]) for entry in log if f"{modality}/{sign}" in entry]
            panel.plot(*zip(*points, strict=True), label=modality, lw=1.2)
        panel.set(xlabel="epoch", title=HEALTH[sign])
        panel.title.set_fontsize(9)
    panel.legend(fontsize=7)
    figure.suptitle(name)
    _save(figure, path)


def draw_bars(lines: Sequence[Line], columns: Sequence[str], path: Path) -> None:
    """Draw the table as bars, a panel for each column and a bar for each row.

    The standard deviation is shown where there is one.
    """
    columns = [c for c in columns if any(c in line.cells and line.cells[c].values for line in lines)]
    figure, axes = _pyplot().subplots(
        1, len(columns), figsize=(2.5 + 3.2 * len(columns), 1.2 + 0.28 * len(lines)), sharey=True,
        layout="constrained", squeeze=False,
    )  # fmt: skip
    for panel, column in zip(axes[0], columns, strict=True):
        for y, line in enumerate(lines):
            cell = line.cells.get(column)
            if cell is not None and cell.mean is not None:
                panel.barh(y, cell.mean, xerr=cell.std, color=_COLOURS[line.row.kind], capsize=2)
                panel.text(cell.mean + (cell.std or 0) + 1, y, f" {cell.mean:.1f}", va="center", fontsize=7)
        panel.set(xlabel="accuracy (%)", title=column)
        panel.margins(x=0.15)
    axes[0][0].set_yticks(range(len(lines)), [title(line.row) for line in lines], fontsize=7)
    axes[0][0].invert_yaxis()
    _save(figure, path)


_COLOURS = {"pretrain": "C0", "distil": "C2", "scratch": "C7"}


def title(row: GridRow) -> str:
    """Name a row in a few characters (e.g. "jmb, ekem" or "student, rckd from jmbaro, ekem")."""
    inside = f" of {letters(row.of)}" if row.of not in ((), row.modalities) else ""
    name = {
        "pretrain": f"{letters(row.modalities)}, {row.exchange}{inside}",
        "distil": f"student, {row.method} from {letters(row.of)}, {row.exchange}",
        "scratch": f"{letters(row.modalities)}, labels alone",
    }[row.kind]
    return f"{row.variant}: {name}" if row.variant else name
