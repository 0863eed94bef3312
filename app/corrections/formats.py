"""The files of corrected events: JSON lines and CSV of results, with `corrected` on each line.

A file that a person edits in a spreadsheet may come back with semicolons, decimal commas and a byte-order mark.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.classify.formats import EVENT_COLUMNS, csv_line, event_fields, event_row, no_formula
from app.corrections.correction import Correction, CorrectionError, checked, made_event
from app.types import ActionEvent

CORRECTED = "corrected"
SUFFIX = ".corrected"  # before .jsonl or .csv, in the names that the page gives; an empty file is known by it
KINDS = (".jsonl", ".csv")
MOST_BYTES = 16 << 20
_TRUE = ("true", "1", "yes")


def jsonl(correction: Correction) -> str:
    """Return the corrected events as JSON lines, such as `classify` writes, each with `"corrected": true`."""
    lines = (event_fields(correction.source, event) | {CORRECTED: True} for event in correction.events)
    return "".join(json.dumps(fields, ensure_ascii=True) + "\n" for fields in lines)


def csv_text(correction: Correction) -> str:
    """Return the corrected events as a table, with the columns of `classify --csv` and `corrected`."""
    facts = [event_fields(correction.source, event) for event in correction.events]
    rows = [[no_formula(row[0]), *row[1:], "true"] for row in map(event_row, facts)]
    return "".join(map(csv_line, [(*EVENT_COLUMNS, CORRECTED), *rows]))


def is_corrected_name(path: Path) -> bool:
    """Return whether a file's name says that it holds corrected events."""
    return path.suffix.lower() in KINDS and path.stem.endswith(SUFFIX)


def read_corrections(path: Path, every: bool = False) -> list[Correction]:
    """Read a file of corrected events, of one recording or of several.

    Args:
        path: the file.
        every: whether events that are not corrected are read too.

    Returns:
        One for each recording, in the file's order; none where the file's events are not corrected. An empty file is
        called "" where its name tells that it is corrected: it is for its caller to find the recording.

    Raises:
        CorrectionError: the file cannot be read, or not used.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CorrectionError(f"{path}: larger than events can be ({MOST_BYTES >> 20} MB)")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CorrectionError(f"{path}: not a text in UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise CorrectionError(f"{path}: it cannot be read ({error.strerror or error})") from None
    found = parse(text, str(path), every)
    if not found and is_corrected_name(path) and not _lines_of(text)[1:]:
        return [Correction("", ())]
    return found


def parse(text: str, name: str, every: bool = False) -> list[Correction]:
    """Return the corrected events in a file's text, by recording; none if no event is marked as corrected.

    Args:
        text: of JSON lines, or of a table if the name ends in .csv.
        name: what messages call the file.
        every: whether events that are not corrected are read too.

    Raises:
        CorrectionError: a line makes no sense, or only some of a recording's lines are marked.
    """
    rows = _table(text, name) if name.lower().endswith(".csv") else _json(text, name)
    events: dict[str, list[ActionEvent]] = {}
    marked: dict[str, set[bool]] = {}
    for place, row in rows:
        try:
            source = str(row["input"]).removeprefix("./")
            marked.setdefault(source, set()).add(str(row.get(CORRECTED, "")).strip().lower() in _TRUE)
            if marked[source] == {False} and not every:
                continue
            events.setdefault(source, []).append(_event(row))
        except KeyError as error:
            raise CorrectionError(f"{name}, line {place}: {error.args[0]!r} is missing") from None
        except CorrectionError as error:
            raise CorrectionError(f"{name}, line {place}: {error}") from None
    mixed = next((source for source, said in marked.items() if len(said) > 1), None)
    if mixed is not None and not every:
        raise CorrectionError(f"{name}: only some events of {mixed} are marked as corrected: mark all, or none")
    try:
        return [checked(source, some) for source, some in events.items()]
    except CorrectionError as error:
        raise CorrectionError(f"{name}: {error}") from None


def _event(row: Mapping[str, Any]) -> ActionEvent:
    event = made_event(row["person"], row["label"], row["start"], row["end"], row.get("score") or 1.0)
    scores = row.get("modality_scores")
    return replace(event, modality_scores=_scores(scores)) if isinstance(scores, dict) else event


def _scores(said: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): float(score) for name, score in said.items() if isinstance(score, (int, float))}


def _lines_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _json(text: str, name: str) -> Iterable[tuple[int, dict[str, Any]]]:
    for place, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise CorrectionError(f"{name}, line {place}: not an event as JSON")
        yield place, row


def _table(text: str, name: str) -> Iterable[tuple[int, dict[str, Any]]]:
    head = text.partition("\n")[0]
    semicolons = head.count(";") > head.count(",")
    try:
        reader = csv.DictReader(io.StringIO(text), delimiter=";" if semicolons else ",")
        for row in reader:
            if None in row or None in row.values():
                raise CorrectionError(f"{name}, line {reader.line_num}: another number of cells than the head has")
            if semicolons:
                row |= {key: row[key].replace(",", ".") for key in ("start", "end", "score") if key in row}
            yield reader.line_num, row
    except csv.Error as error:
        raise CorrectionError(f"{name}: not a table as CSV ({error})") from None
