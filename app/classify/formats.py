"""The formats of results: events as JSON and CSV, an input as a row of the summary."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

from app.classify.summary import Summary
from app.types import ActionEvent

COLUMNS = (
    *("input", "label", "score", "second", "third", "frames", "seconds", "fps", "people", "status"),
    *("events", "results"),
)
TOP_COLUMN, COUNTS_COLUMN = "top", "counts"
# Columns of a table of events, each with the digits its numbers are written to; None for texts.
_EVENT_DIGITS = {"input": None, "person": None, "label": None, "start": 3, "end": 3, "score": 4, "count": None}
EVENT_COLUMNS = tuple(_EVENT_DIGITS)
USUAL_TOP = 3
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # first letters of what a spreadsheet takes for a formula


def no_formula(name: str) -> str:
    """Return a file's name or path with "./" before what a spreadsheet would take for a formula."""
    return f"./{name}" if name.startswith(_FORMULA) else name


def event_fields(source: str, event: ActionEvent, top: int | None = None) -> dict[str, Any]:
    """Return an event as plain JSON, with times in seconds to the millisecond and scores to four digits.

    "count" is null, and "repetitions" empty, where the action is not counted.

    Args:
        source: what the results call the input.
        event: the event.
        top: how many ranked labels to write, up to as many as the event holds; None for the default number.
    """
    ranked = [[label, round(score, 4)] for label, score in event.top3[: top or USUAL_TOP]]
    return {
        "input": source,
        "person": event.person,
        "label": event.label,
        "start": round(event.start_s, 3),
        "end": round(event.end_s, 3),
        "score": round(event.score, 4),
        "top3" if top is None else "top": ranked,
        "modality_scores": {name: round(score, 4) for name, score in event.modality_scores.items()},
        "count": event.count,
        "repetitions": [round(time_s, 3) for time_s in event.repetitions_s],
    }


def event_line(source: str, event: ActionEvent, top: int | None = None, number: str = "") -> str:
    """Return an event as a line of JSON without its end, in which characters that a terminal obeys are escaped.

    Args:
        source, event, top: see event_fields.
        number: the id by which other programs know it; "" where none was told of it.
    """
    fields = ({"id": number} if number else {}) | event_fields(source, event, top)
    line = json.dumps(fields, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in line)


def columns(top: int | None, counts: bool = False) -> list[str]:
    """Return the names of the summary's columns."""
    return [*COLUMNS, *([TOP_COLUMN] if top else []), *([COUNTS_COLUMN] if counts else [])]


def summary_row(
    source: str,
    summary: Summary,
    top: int | None = None,
    events: int = 0,
    results: str = "",
    counts: str | None = None,
) -> list[str]:
    """Return an input's row of the summary, one text for each column.

    Args:
        source: what the results call the input.
        summary: the input's summary.
        top: how many ranked labels to write, None for the default number.
        events: how many events were written.
        results: the name of its result files without a suffix; "" if there are none.
        counts: its repetitions in words (see app.classify.counts); None for no such column.
    """
    judged = bool(summary.ranked)
    row = [source, summary.label, f"{summary.score:.4f}" if judged else "", summary.place(1), summary.place(2)]
    row += [str(summary.frames), f"{summary.seconds:.3f}", f"{summary.fps:.3f}", str(summary.people), summary.status]
    row += [str(events), no_formula(results)]
    if top:
        row.append("; ".join(f"{label} {score:.4f}" for label, score in summary.ranked[:top]))
    if counts is not None:
        row.append(counts)
    return row


def event_columns(inputs: bool = True) -> dict[str, int | None]:
    """Return the columns of a table of events, each with the digits its numbers are written to (None for texts).

    Args:
        inputs: whether the table has the events of several inputs; the page's tables have only one input.
    """
    return {name: digits for name, digits in _EVENT_DIGITS.items() if inputs or name != "input"}


def event_row(fields: Mapping[str, Any], columns: Mapping[str, int | None] = _EVENT_DIGITS) -> list[str]:
    """Return an event that was read back from a line of JSON as a row of a table with these columns."""
    cells = ((fields.get(name), digits) for name, digits in columns.items())
    return ["" if value is None else str(value) if digits is None else f"{value:.{digits}f}" for value, digits in cells]


def csv_line(row: Iterable[str]) -> str:
    """Return a row of a table as a line of CSV, with its end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(row)
    return line.getvalue()
