"""Tables of what users meet, for the model card, with the version before beside them.

A block is what a table holds, measure by measure, as text; that of an earlier version is kept in a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models.labels import SILENT
from models.system.words import count
from training.default.before import Block, Tried
from training.default.live_measured import LiveMeasures
from training.evaluation.results import markdown
from training.judging.rows import Judged
from training.judging.soon import ALL, SoonRow
from training.judging.stream_rows import VideoRow
from training.judging.webcam import FIRST, TABLES
from training.judging.webcam_rows import Webcam, WebcamTable

PEOPLE, SIGNS = TABLES  # titles of the webcam tables
PART = {"val": "val", "held": "val and test"}
NONE = "-"


def blocks(live: LiveMeasures, test: Judged) -> dict[str, dict[str, str]]:
    """Return everything that another version can stand beside, by the name of its table."""
    told = {f"webcam {part}": webcam_block(webcam) for part, webcam in live.webcam.items()}
    told["actions"] = actions_block(live.webcam["held"])
    told["videos"] = videos_block(live.videos)
    for part, rows in live.soon.items():
        told[f"soon {part}"] = soon_block(rows)
    told["more"] = more_block(live)
    told["accuracy"] = {row.measure: str(row.accuracy.top1) for row in test.rows}
    return told


def webcam_block(webcam: Webcam) -> dict[str, str]:
    """Sum up the windows of people at webcams."""
    table = webcam.tables[PEOPLE]
    means = {"first" if "actions" not in mean.measure else mean.measure: mean for mean in table.means}
    told = {}
    if first := means.get("first"):
        told[f"{', '.join(FIRST)}: top-1 %"] = _text(first.top1)
        told["the same, with a right event %"] = _text(first.right_event)
    if several := means.get("actions of two people or more"):
        told["actions of two people or more: top-1 %"] = _text(several.top1)
    if every := means.get("actions"):
        told["all actions: top-1 %"] = _text(every.top1)
        told["all actions: with a wrong event %"] = _text(every.wrong_event)
    for row in table.rows:
        if row.action in SILENT:
            told[f"{row.action}: with an event %"] = _text(row.wrong_event)
    if table.risk:
        shares = ", ".join(table.risk)
        told[f"wrong among the surest {shares} % of the windows, %"] = ", ".join(map(_text, table.risk.values()))
    for one in table.separations:
        told[f"known against other by {one.score}: AUROC / FPR at 95 %"] = f"{one.auroc:.3f} / {one.fpr95}"
    signs = webcam.tables.get(SIGNS)
    if signs and signs.windows:
        told["sign language: with an event %"] = _text(signs.quiet_events)
    return told


def actions_block(webcam: Webcam) -> dict[str, str]:
    """Tell top-1 and right events of each action of people at webcams."""
    return {row.action: f"{_text(row.top1)} / {_text(row.right_event)}" for row in webcam.tables[PEOPLE].rows}


def videos_block(rows: Iterable[VideoRow]) -> dict[str, str]:
    """Tell right names and events a minute of real videos, by age and part."""
    told = {}
    for row in rows:
        told[f"{row.videos}, {row.part}: one action, named rightly"] = f"{row.right} of {row.clips}"
        told[f"{row.videos}, {row.part}: events a minute of idle, other, empty"] = _text(row.per_minute)
    return told


def soon_block(rows: Iterable[SoonRow]) -> dict[str, str]:
    """Tell the medians of all actions, by kind of recordings."""
    told = {}
    for row in rows:
        if row.action == ALL:
            told[f"{row.recordings}: start to the right word, s"] = _text(row.word_s)
            told[f"{row.recordings}: end to silence, s"] = _text(row.silence_s)
            told[f"{row.recordings}: never named %"] = _text(row.never)
    return told


def more_block(live: LiveMeasures) -> dict[str, str]:
    """Tell the single numbers that stand in no other table."""
    told = {f"{row.measure}, even actors: top-1 %": _text(row.accuracy.top1) for row in live.more}
    for row in live.few_shot:
        known = "actions that trained it" if row.known else "actions never trained on"
        told[f"taught, {row.ways}-way {row.shots}-shot, drawn, {known}: accuracy %"] = f"{row.top1} +- {row.interval}"
    told["spliced recordings, test, six draws: segment F1"] = _text(live.spliced.f1)
    told["the same: edit score"] = _text(live.spliced.edit)
    told["the same: actions said %"] = _text(live.spliced.said)
    return told


def parts(told: Mapping[str, Block], names: Mapping[str, str], before: Mapping[str, Block] | None, version: str) -> str:
    """Tabulate blocks of several parts side by side.

    Args:
        told: block by name.
        names: title of its column -> name of a block.
        before: blocks of the version before, by the same names; None for none.
        version: of that.
    """
    measures = dict.fromkeys(measure for name in names.values() for measure in told[name])
    rows = []
    for measure in measures:
        cells: dict[str, Any] = {"measure": measure}
        for title, name in names.items():
            cells[title] = told[name].get(measure, NONE)
            if before is not None:
                column = f"version {version}" if len(names) == 1 else f"{title}, version {version}"
                cells[column] = before.get(name, {}).get(measure, NONE)
        rows.append(cells)
    return markdown(rows)


def actions_table(webcam: Webcam, before: Mapping[str, Block] | None, version: str) -> str:
    """Tabulate what is said of each action of people at webcams."""
    rows = []
    old = None if before is None else before.get("actions", {})
    for row in webcam.tables[PEOPLE].rows:
        cells = row.cells()
        answers = cells.pop("answers")
        if old is not None:
            cells[f"version {version}: top-1 / right event %"] = old.get(row.action, NONE)
        rows.append(cells | {"answers": answers})
    return markdown(rows)


def people_line(webcams: Mapping[str, Webcam]) -> str:
    """Say how many windows of how many people judge, in a sentence."""
    told = [f"{_people(webcam.tables[PEOPLE])} in {PART[part]}" for part, webcam in webcams.items()]
    signs = webcams["held"].tables.get(SIGNS)
    apart = f" Sign language, {_people(signs)}, is judged apart." if signs and signs.windows else ""
    return f"There are {' and '.join(told)}.{apart}"


def tried_table(rows: Sequence[Tried]) -> str:
    """Tabulate what was tried, under a heading; "" of nothing."""
    if not rows:
        return ""
    said = "One thing at a time, on val; people at webcams by person, one seed each unless the note says otherwise:"
    return f"### What was tried\n\n{said}\n\n{markdown([row.cells() for row in rows])}\n"


def _people(table: WebcamTable) -> str:
    return f"{count(table.windows, 'window')} of {count(table.people, 'person', 'people')}"


def _text(value: float | None) -> str:
    return NONE if value is None else f"{value:g}"
