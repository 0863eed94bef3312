"""Real people at webcams, none of whom trained: what is said of their windows, by action and by person.

Each window of training.data.poses is played to a stream of its own, as `classify` plays a recording. Means are taken
over people first and then over actions, so that neither a person nor an action with many windows outweighs others.

Shapes: N windows, C classes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.labels import IDLE, OTHER, SILENT
from models.system.atomic import write_json, write_text
from models.system.words import count
from training.data.poses import pose_tracks
from training.evaluation.results import markdown
from training.judging.measures import Heard, listen_all, percent
from training.judging.webcam_rows import Separation, Webcam, WebcamMean, WebcamRow, WebcamTable
from training.supervised.calibration import auroc, false_alarms_at

if TYPE_CHECKING:
    from export.runtime import Recogniser

PARTS = {"val": ("val",), "test": ("test",), "held": ("val", "test")}
TABLES = {  # files whose people are judged together
    "people at webcams": ("mediapipe_webcam", "self_filmed"),
    "sign language at webcams": ("sign_verbs_webcam",),
}
FIRST = ("wave", "clap", "punch", "run")  # what visitors do first
COVERAGE = (25, 50, 75)  # % of the windows, the surest first


def judge_webcam(model: Recogniser, data: Path, out: Path, part: str) -> Webcam:
    """Fill the webcam tables, and write OUT/webcam_<part>.{json,md}.

    Args:
        model: the model file.
        data: folder that holds poses/.
        out: folder of the results.
        part: "val" while choosing, "test" to report, or "held" for both.
    """
    notes: list[str] = []
    tables = {}
    for title, files in TABLES.items():
        tracks = pose_tracks(data, PARTS[part], files, note=notes.append)
        tables[title] = webcam_table(listen_all(model, tracks, title), model.labels, files)
    judged = Webcam(part=part, model=model.version, tables=tables, left_out=tuple(notes))
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / f"webcam_{part}.md", report(judged))
    write_json(out / f"webcam_{part}.json", judged.to_dict(), indent=1)
    return judged


def webcam_table(heard: Sequence[Heard], labels: Sequence[str], files: tuple[str, ...]) -> WebcamTable:
    """Measure the answers to the windows of some files.

    Args:
        heard: answers to windows, with their people.
        labels: the model's, in the order of the scores.
        files: names of the files.
    """
    by_action: dict[str, list[Heard]] = defaultdict(list)
    for h in heard:
        by_action[h.action].append(h)
    order = sorted(by_action, key=lambda action: (action in SILENT, action))
    rows = tuple(_row(action, by_action[action], labels) for action in order)
    quiet = [bool(h.events) for h in heard if h.action in SILENT]
    return WebcamTable(
        files=files,
        people=len({h.subject for h in heard}),
        windows=len(heard),
        rows=rows,
        means=tuple(_means([row for row in rows if row.action not in SILENT])),
        quiet_events=percent(float(np.mean(quiet))) if quiet else None,
        risk=risk_at_coverage(heard, labels),
        separations=tuple(_separations(heard, labels)),
    )


def risk_at_coverage(heard: Sequence[Heard], labels: Sequence[str]) -> dict[str, float]:
    """Compute the share of wrong words, in %, among the surest 25, 50 and 75 % of the windows.

    The windows are those of actions and of other movement together, not of stillness. The word is the best label that
    may be said, and its score says how sure it is. Of other movement every word is wrong.
    """
    said = [c for c, label in enumerate(labels) if label not in SILENT]
    moving = [h for h in heard if h.action != IDLE]
    if not moving:
        return {}
    sure_N, wrong_N = _best(moving, said), np.array([_word(h, labels, said) != h.action for h in moving])
    order_N = np.argsort(-sure_N, kind="stable")
    most = {share: max(round(len(moving) * share / 100), 1) for share in COVERAGE}
    return {str(share): round(100 * float(wrong_N[order_N[:n]].mean()), 1) for share, n in most.items()}


def by_person(heard: Sequence[Heard], told: Callable[[Heard], bool]) -> float:
    """Compute the share of windows of which something is true, in %, as a mean over people."""
    people: dict[str, list[bool]] = defaultdict(list)
    for h in heard:
        people[h.subject].append(told(h))
    return round(100 * float(np.mean([np.mean(some) for some in people.values()])), 1)


def report(judged: Webcam) -> str:
    """Format the tables for people."""
    text = []
    for title, table in judged.tables.items():
        people = count(table.people, "person", "people")
        text.append(f"### {title}, {judged.part}: {count(table.windows, 'window')} of {people}")
        text.append(markdown([row.cells() for row in table.rows]))
        if table.means:
            text.append(markdown([mean.cells() for mean in table.means]))
        if table.quiet_events is not None:
            text.append(f"Windows of idle and other with an event: {table.quiet_events} %.")
        if table.means and table.risk:
            shares = ", ".join(f"{wrong} % of the surest {share} %" for share, wrong in table.risk.items())
            text.append(f"Wrong words, actions and other together: {shares}.")
        if table.separations:
            text.append(markdown([row.cells() for row in table.separations]))
    text += [f"Left out: {line}" for line in judged.left_out]
    return "\n\n".join(text) + "\n"


def _row(action: str, heard: Sequence[Heard], labels: Sequence[str]) -> WebcamRow:
    said = lambda h: {label for label, _, _ in h.events}  # noqa: E731
    return WebcamRow(
        action=action,
        people=len({h.subject for h in heard}),
        windows=len(heard),
        top1=by_person(heard, lambda h: h.hit),
        top3=by_person(heard, lambda h: action in _ranked(h, labels)[:3]),
        right_event=None if action in SILENT else by_person(heard, lambda h: action in said(h)),
        wrong_event=by_person(heard, lambda h: bool(said(h) - {action})),
        top1_windows=round(100 * float(np.mean([h.hit for h in heard])), 1),
        answers=dict(Counter(h.best for h in heard).most_common()),
    )


def _means(rows: Sequence[WebcamRow]) -> list[WebcamMean]:
    several = [row for row in rows if row.people > 1]
    first = sorted((row for row in rows if row.action in FIRST), key=lambda row: FIRST.index(row.action))
    groups = {", ".join(row.action for row in first): first, "actions of two people or more": several, "actions": rows}
    return [_mean(title, some) for title, some in groups.items() if some]


def _mean(title: str, rows: Sequence[WebcamRow]) -> WebcamMean:
    columns = ("top1", "top3", "right_event", "wrong_event")
    means = {name: round(float(np.mean([getattr(row, name) for row in rows])), 1) for name in columns}
    return WebcamMean(measure=title, actions=len(rows), **means)


def _separations(heard: Sequence[Heard], labels: Sequence[str]) -> list[Separation]:
    known, unknown = [h for h in heard if h.action not in SILENT], [h for h in heard if h.action == OTHER]
    if not (known and unknown):
        return []
    said = [c for c, label in enumerate(labels) if label not in SILENT]
    rows = []
    for title, score in {"best action": _best, "1 - (idle + other)": _loud}.items():
        known_N, unknown_N = score(known, said), score(unknown, said)
        rows.append(Separation(
            score=title, known=len(known), unknown=len(unknown), auroc=round(auroc(known_N, unknown_N), 3),
            fpr95=round(100 * false_alarms_at(known_N, unknown_N), 1),
        ))  # fmt: skip
    return rows


def _best(heard: Sequence[Heard], said: Sequence[int]) -> np.ndarray:
    """Return the best score of a label that may be said, (N,); 0 where a window could not be judged."""
    return np.array([0.0 if h.mean_C is None else h.mean_C[list(said)].max() for h in heard])


def _loud(heard: Sequence[Heard], said: Sequence[int]) -> np.ndarray:
    """Return the sum of the scores of all labels that may be said, (N,)."""
    return np.array([0.0 if h.mean_C is None else h.mean_C[list(said)].sum() for h in heard])


def _word(heard: Heard, labels: Sequence[str], said: Sequence[int]) -> str:
    return "" if heard.mean_C is None else labels[said[int(np.argmax(heard.mean_C[list(said)]))]]


def _ranked(heard: Heard, labels: Sequence[str]) -> list[str]:
    return [] if heard.mean_C is None else [labels[c] for c in np.argsort(-heard.mean_C, kind="stable")]
