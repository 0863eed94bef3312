"""The correction of a recording's events on the page: files to save and to open, and "Teach it".

The page's script sends a small JSON object and gets one back, as in the Teach tab. What the browser sends is checked as
a file is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.corrections.correction import Correction, CorrectionError, checked, file_name, made_event, require_source
from app.corrections.elan import eaf
from app.corrections.formats import csv_text, jsonl, parse
from app.corrections.label_studio import label_studio
from app.corrections.learn import Corrected, Learnt, learn
from app.page.kept import Kept, Recording
from app.page.own_gradio import gr
from app.page.own_words import check_not_own
from app.page.scripts import hook
from app.page.theme import fragment
from app.page.turns import COUNTING, turn
from app.teach.examples import TeachError
from app.teach.lesson import Lesson
from app.teach.lessons import Lessons, LessonsFullError
from app.teach.pack import PackError
from app.types import ActionEvent
from models.labels import SILENT

MOST_LINES = 5001
_QUICK: dict[str, Any] = {
    "queue": False, "trigger_mode": "multiple", "show_progress": "hidden", "api_visibility": "private",
}  # fmt: skip
_GONE = "the recording is not here any more: choose it again"


def build_correct(lessons: Lessons, kept: Kept) -> None:
    """Build the editor inside the current gr.Blocks; it shows when there is a result."""
    gr.HTML(fragment("edit"), elem_id="edit", js_on_load=None)
    handler = correct_handler(lessons, kept)
    # Counts go their own way: of two answers that come at once, Gradio may show the page the second one alone.
    asked, answer, send = _hidden("edit")
    send.click(handler, inputs=asked, outputs=answer, js=hook("nextEditRequest"), **_QUICK)
    answer.change(None, inputs=answer, outputs=None, js=hook("edited"))
    asked, answer, send = _hidden("count")
    send.click(handler, inputs=asked, outputs=answer, js=hook("nextCountRequest"), **_QUICK)
    answer.change(None, inputs=answer, outputs=None, js=hook("counted"))


def _hidden(name: str) -> tuple[gr.JSON, gr.JSON, gr.Button]:
    """Build what is asked, what is answered, and the button that the page's script presses."""
    asked = gr.JSON(visible="hidden", elem_id=f"{name}-asked")
    answer = gr.JSON(visible="hidden", elem_id=f"{name}-answer")
    return asked, answer, gr.Button(visible="hidden", elem_id=f"{name}-send")


def correct_handler(lessons: Lessons, kept: Kept) -> Callable[[object, gr.Request], dict]:
    """Return the function that Gradio calls with each request of each visitor; see `answered`."""

    def on_ask(asked: object, request: gr.Request) -> dict:
        key = str(request.session_hash)
        try:
            lesson = lessons.of(key)
        except LessonsFullError as error:
            return _failed(asked, str(error))
        return answered(lesson, kept.find(lesson), asked)

    return on_ask


def answered(lesson: Lesson, recording: Recording | None, asked: object) -> dict:
    """Do what the editor asks for.

    Args:
        lesson: the visitor's lesson.
        recording: the visitor's newest recording, None if it is not here.
        asked: {"do": "save", "events"}, {"do": "count", "events"}, {"do": "open", "name", "lines"} or {"do": "teach",
            "events", "insist"}, with events as [person, label, start s, end s, score]. The browser may send anything.

    Returns:
        did: what was asked; said: a sentence for the visitor; failed: whether it tells of a failure; and of a save:
        files by suffix; of counts: counted, as [person, label, start s, end s, count or null, seconds of each
        repetition]; of what was opened: events; of a lesson: worse (it was refused), now: what the recording would
        be called, advice: what to do next for each action.
    """
    did = str(asked.get("do", "")) if isinstance(asked, dict) else ""
    try:
        if not isinstance(asked, dict) or did not in _DEEDS:
            raise CorrectionError("there is nothing to do")
        if recording is None:
            raise CorrectionError(_GONE)
        return {"did": did, "failed": False, "said": ""} | _DEEDS[did](lesson, recording, asked)
    except (CorrectionError, PackError, TeachError) as error:
        return _failed(asked, str(error))


def _failed(asked: object, said: str) -> dict:
    did = str(asked.get("do", ""))[:20] if isinstance(asked, dict) else ""
    return {"did": did, "said": said[:1].upper() + said[1:], "failed": True}


def _correction(recording: Recording, asked: dict) -> Correction:
    given = asked.get("events")
    if not isinstance(given, list):
        raise CorrectionError("the events did not arrive: try again")
    rows = [row for row in given if isinstance(row, list) and len(row) == 5]
    if len(rows) < len(given):
        raise CorrectionError("an event is no event: open the file again")
    return checked(recording.name, [made_event(*row) for row in rows], recording.replay.end_s)


def _counted(recording: Recording, asked: dict) -> Correction:
    correction = _correction(recording, asked)
    with turn(COUNTING):
        return replace(correction, events=tuple(recording.counted(correction.events)))


def _count(lesson: Lesson, recording: Recording, asked: dict) -> dict:
    return {"counted": [_count_row(event) for event in _counted(recording, asked).events]}


def _save(lesson: Lesson, recording: Recording, asked: dict) -> dict:
    correction = _counted(recording, asked)
    files = {".corrected.jsonl": jsonl(correction), ".corrected.csv": csv_text(correction), ".eaf": eaf(correction)}
    if recording.fps > 0:
        files[".json"] = label_studio(correction, recording.fps)
    return {"files": files}


def _open(lesson: Lesson, recording: Recording, asked: dict) -> dict:
    name, lines = str(asked.get("name", ""))[:200], asked.get("lines")
    if not isinstance(lines, list) or len(lines) > MOST_LINES:
        raise CorrectionError(f"{name}: more than {MOST_LINES - 1} events: cut it into parts")
    found = parse("\n".join(map(str, lines)), name, every=True)
    mine = [one for one in found if file_name(one.source) == recording.name] or found
    if not mine and lines:
        raise CorrectionError(f"{name}: there are no events in it")
    for correction in mine[:1]:
        require_source(correction, recording.name)
        mine = [checked(recording.name, correction.events, recording.replay.end_s)]
    return {"events": [_row(event) for one in mine[:1] for event in one.events], "said": f"{name} is open"}


def _teach(lesson: Lesson, recording: Recording, asked: dict) -> dict:
    correction = _correction(recording, asked)
    for label in {event.label for event in correction.events} - {*lesson.model.labels, *SILENT}:
        check_not_own(label)
    with turn():
        learnt = learn(lesson.teacher, lesson.pack, [Corrected(correction, recording.replay.frames)], lesson.only)
    refused = learnt.worse and asked.get("insist") is not True
    if learnt.added and not refused:
        lesson.take(learnt.pack)
    return _learnt_json(learnt, refused)


def _learnt_json(learnt: Learnt, refused: bool) -> dict:
    said = learnt.said[:1].upper() + learnt.said[1:]
    said += ". Nothing was learnt" if refused else ""
    return {
        "said": said,
        "worse": refused,
        "learnt": bool(learnt.added) and not refused,
        "now": [[*_row(event), event.count] for event in learnt.events[0]],
        "advice": [f"{label}: left out, its examples made nothing better" for label in learnt.unhelpful]
        + [f"{one.action}: {one.said}" + (f"; {one.advice}" if one.advice else "") for one in learnt.verdicts],
    }


def _row(event: ActionEvent) -> list:
    return [event.person, event.label, round(event.start_s, 3), round(event.end_s, 3), round(event.score, 4)]


def _count_row(event: ActionEvent) -> list:
    person, label, start_s, end_s, _ = _row(event)
    return [person, label, start_s, end_s, event.count, [round(time_s, 3) for time_s in event.repetitions_s]]


_DEEDS: dict[str, Callable[[Lesson, Recording, dict], dict]] = {
    "save": _save,
    "count": _count,
    "open": _open,
    "teach": _teach,
}
