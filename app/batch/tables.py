"""The tables of a folder of results: the summary and the table of all events.

A table that another program or a person has written is never replaced.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from app.batch.outputs import EVENTS, SUMMARY
from app.classify.formats import COLUMNS, EVENT_COLUMNS, csv_line, event_row
from models.system.atomic import WholeFile

# The columns of the oldest version
_OLDEST = {SUMMARY: COLUMNS[:10], EVENTS: EVENT_COLUMNS[:6]}


def refuse_foreign(out: Path, names: Iterable[str], known: bool) -> None:
    """Refuse to replace tables that another program, or a person, has written.

    Args:
        out: the folder of results.
        names: of the tables to be written.
        known: whether this command has ever written into the folder.

    Raises:
        ValueError: one of them is not ours.
    """
    for name in names:
        path = out / name
        if os.path.lexists(path) and not (known and _is_ours(path)):
            raise ValueError(
                f"{path} was not written by this command, or was changed since, and would be replaced; "
                "move it away, or choose another --out"
            )


def _is_ours(path: Path) -> bool:
    begin = _OLDEST[path.name]
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return tuple(next(csv.reader(file), ())[: len(begin)]) == begin
    except (OSError, UnicodeDecodeError, csv.Error):
        return False


def write_table(path: Path, names: Sequence[str], rows: Iterable[list[str]]) -> None:
    """Write a table, all or nothing; short rows are filled with empty cells.

    Raises:
        OutputError: it cannot be written.
    """
    with WholeFile(path) as file:
        file.write(csv_line(names))
        for row in rows:
            file.write(csv_line([*row, *[""] * (len(names) - len(row))]))


def event_rows(paths: Iterable[Path]) -> Iterator[list[str]]:
    """Yield the rows of the table of events from files of JSON lines."""
    for path in paths:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                yield event_row(json.loads(line))
