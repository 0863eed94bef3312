"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(names: Sequence[str], rows: Iterable[Iterable[object]], numbers_from: int | None = None) -> str:
    """A table with a line of names.

    Args:
        names: of the columns.
        rows: the cells of each.
        numbers_from: first of the columns that stand to the right; None for none.
    """
    left = len(names) if numbers_from is None else numbers_from
    rule = ["---"] * left + ["---:"] * (len(names) - left)
    return "\n".join(map(line, (names, rule, *rows)))


def line(cells: Iterable[object]) -> str:
    """One row of a table."""
    return f"| {' | '.join(map(str, cells))} |"
