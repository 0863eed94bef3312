"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(names: Sequence[str], rows: Iterable[Iterable[object]], numbers_from: int | None = None) -> str:
    """Format a table with a line of column names.

    Args:
        names: names of the columns.
        rows: the cells of each row.
        numbers_from: index of the first column that is aligned to the right; None for none.
    """
    left = len(names) if numbers_from is None else numbers_from
    rule = ["---"] * left + ["---:"] * (len(names) - left)
    return "\n".join(map(line, (names, rule, *rows)))


def line(cells: Iterable[object]) -> str:
    """Format one row of a table."""
    return f"| {' | '.join(map(str, cells))} |"
