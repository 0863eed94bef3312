"""The result of a recording in the Video tab: its answer, a timeline, a table, and the files to download."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape
from typing import TYPE_CHECKING

from app.classify.formats import csv_line, event_columns, event_line, event_row
from app.classify.summary import Summary, answer_of
from app.page.answer import event_json, words
from app.page.wire import PoseTrack
from app.types import ActionEvent
from models.labels import OTHER, SILENT
from models.system.words import count

if TYPE_CHECKING:
    from export.runtime import Recogniser

_LANE_PX, _GAP_PX = 26, 4
_FROM_ZERO = "In files, people are counted from 0"
_SMALL = "People who take less than about half of the picture's height may be missed."


def result_html(model: Recogniser, summary: Summary, events: Sequence[ActionEvent]) -> str:
    """Return HTML with the answer for the whole clip, a timeline and a table of the events."""
    if not summary.label:
        kind = "Nobody was found in this recording" if summary.status.startswith("no person") else "Too short to tell"
        return f'<section class="card"><h2>{kind}</h2><p>{_facts(summary)}</p><p>{_SMALL}</p></section>'
    return (
        _answer_html(model, summary, events)
        + _events_html(model, summary, events)
        + f'<p class="facts">{_facts(summary)}<br>{_SMALL}</p>'
    )


def result_json(
    name: str, summary: Summary, events: Sequence[ActionEvent], track: PoseTrack, size: tuple[int, int]
) -> dict:
    """Return what the page's scripts need: the poses to draw, the events, and the files that can be saved.

    The pictures' size (width, height) and the length in seconds are for what the browser cannot play.
    """
    return {
        "name": name,
        "size": list(size),
        "seconds": round(summary.seconds, 3),
        "events": [event_json(k, event) for k, event in enumerate(events)],
        "repetitions": [[round(time_s, 3) for time_s in event.repetitions_s] for event in events],
        "track": track.json(),
        "csv": events_csv(events),
        "jsonl": "".join(event_line(name, event) + "\n" for event in events),
    }


def events_csv(events: Sequence[ActionEvent]) -> str:
    """Return the events as CSV, with times in seconds."""
    columns = event_columns(inputs=False)
    facts = [
        {
            "person": event.person, "label": event.label, "start": event.start_s, "end": event.end_s,
            "score": event.score, "count": event.count,
        }
        for event in events
    ]  # fmt: skip
    return "".join(csv_line(row) for row in (columns, *(event_row(fields, columns) for fields in facts)))


def lanes(events: Sequence[ActionEvent]) -> dict[int, int]:
    """Return a lane of the timeline for each person; people who were never there at the same time may share one."""
    spans: dict[int, tuple[float, float]] = {}
    for event in events:
        start_s, end_s = spans.get(event.person, (event.start_s, event.end_s))
        spans[event.person] = (min(start_s, event.start_s), max(end_s, event.end_s))
    free_from_s: list[float] = []
    found = {}
    for person, (start_s, end_s) in sorted(spans.items(), key=lambda item: item[1]):
        lane = next((k for k, free_s in enumerate(free_from_s) if free_s <= start_s), len(free_from_s))
        free_from_s[lane:] = [end_s, *free_from_s[lane + 1 :]]
        found[person] = lane
    return found


def _answer_html(model: Recogniser, summary: Summary, events: Sequence[ActionEvent]) -> str:
    """Return HTML with one answer for the whole clip, if one may be said.

    How sure it is stands with the events. Here it stands only where there is no event of the answer.
    """
    said = {event.label for event in events}
    label = answer_of(summary.ranked, said, model.thresholds)
    others = [words(model, other) for other, _ in summary.ranked[:3] if other not in (label, *SILENT)]
    guesses = " or ".join(others[:2])
    if label:
        name, line = words(model, label), _sure(model, summary, label, said)
    elif said:
        name, line = "several actions", f"As one clip: {', else '.join(others[:2])}" if guesses else ""
    else:
        name, line = "not sure", f"Closest: {guesses}" if guesses else ""
    quiet = "" if label and label not in SILENT else " idle"
    size = " longer" if len(name) > 18 else " long"
    return (
        '<section class="card now"><h2 class="caption">The whole clip</h2>'
        f'<div class="action{size}{quiet}" role="status">{escape(name[:1].upper() + name[1:])}</div>'
        f'<div class="sure">{escape(line)}</div></section>'
    )


def _sure(model: Recogniser, summary: Summary, label: str, said: Collection[str]) -> str:
    """Return how sure the answer is, where no event says so and it is sure enough to say it."""
    if label in said:
        return "When, and how sure, stands below"
    if _is_enough(model, label, summary.score):
        return f"{summary.score:.0%} sure"
    return "None of the actions that it knows" if label == OTHER else ""


def _is_enough(model: Recogniser, label: str, score: float) -> bool:
    """Return whether a score reaches the threshold of its label, so that it may be said as a number."""
    return score >= model.thresholds.get("by_label", {}).get(label, model.thresholds["enter"])


def _facts(summary: Summary) -> str:
    people = count(summary.people, "person", "people")
    facts = [f"{summary.seconds:.1f} s", f"{summary.frames} frames", f"{summary.fps:.1f} frames/s", people]
    note = summary.status.partition(": ")[2].removeprefix(f"{people}, ")
    return escape(", ".join(facts) + (f". {note[:1].upper()}{note[1:]}." if note else ""))


def _events_html(model: Recogniser, summary: Summary, events: Sequence[ActionEvent]) -> str:
    if not events:
        return '<section class="card"><h2 class="caption">Actions</h2><p>No action stood out.</p></section>'
    ordered = sorted(events, key=lambda event: (event.start_s, event.person))
    whole_s = max(summary.seconds, *(event.end_s for event in events), 1e-3)
    lane = lanes(events)
    blocks = "".join(_block_html(model, event, lane[event.person], whole_s) for event in ordered)
    height = (max(lane.values()) + 1) * (_LANE_PX + _GAP_PX) + _GAP_PX
    save = "".join(
        f'<button type="button" class="small-button" data-save="{kind}" title="{_FROM_ZERO}">{kind.upper()}</button>'
        for kind in ("csv", "jsonl")
    )
    head = "".join(f'<th scope="col"{kind}>{name}</th>' for name, kind in _HEAD)
    return (
        '<section class="card"><div class="card-head"><div class="titled"><h2 class="caption">Actions</h2>'
        '<span class="quiet wide">choose one to see it</span></div>'
        f'<div class="buttons"><span class="quiet">Download</span>{save}</div></div>'
        f'<div class="track" style="height: {height}px" data-seconds="{whole_s:.3f}" aria-hidden="true">{blocks}'
        '<b id="playhead"></b></div>'
        f'<div class="scroller tall"><table class="event-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(_row_html(model, event) for event in ordered)}</tbody></table></div></section>"
    )


_HEAD = (("Action", ""), ("Who", ""), *((name, ' class="number"') for name in ("From", "To", "Sure")))


def _block_html(model: Recogniser, event: ActionEvent, lane: int, whole_s: float) -> str:
    name = f"{_person(event)}: {words(model, event.label)}{_times(event)}"
    place = (
        f"left: {event.start_s / whole_s:.2%}; width: {(event.end_s - event.start_s) / whole_s:.2%}; "
        f"top: {_GAP_PX + lane * (_LANE_PX + _GAP_PX)}px; height: {_LANE_PX}px"
    )
    return (
        f'<i class="tint" style="--i: {model.labels.index(event.label)}; {place}" title="{escape(name)}" '
        f'data-start="{event.start_s:.2f}">{escape(words(model, event.label))}{_times(event)}</i>'
    )


def _row_html(model: Recogniser, event: ActionEvent) -> str:
    sure = f"{event.score:.0%}" if _is_enough(model, event.label, event.score) else ""
    name, tint = escape(words(model, event.label)), f"--i: {model.labels.index(event.label)}"
    return (
        f'<tr data-start="{event.start_s:.2f}" data-end="{event.end_s:.2f}">'
        f'<td><span class="what"><i class="tint dot" style="{tint}"></i>'
        f'<button type="button" class="link">{name}</button>{_times(event)}</span></td>'
        f'<td><span class="who" data-person="{event.person}">{_person(event)}</span></td>'
        f'<td class="number">{_clock(event.start_s)}</td><td class="number">{_clock(event.end_s)}</td>'
        f'<td class="number">{sure}</td></tr>'
    )


def _person(event: ActionEvent) -> str:
    """Return what the page calls a person; files count from 0, people from 1."""
    return f"Person {event.person + 1}"


def _times(event: ActionEvent) -> str:
    """Return how often an action was repeated, " x 12" with the sign for it, or "" where it is not counted."""
    return "" if event.count is None else f" \u00d7 {event.count}"


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
