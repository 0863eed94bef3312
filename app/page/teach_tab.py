"""The page's tab for teaching, whose script sends a small JSON object and draws from the one it gets back.

Nothing is sent as a file: a pack travels as text, and neither poses nor packs are written to disk here.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable

import numpy as np

from app.corrections.correction import CorrectionError
from app.corrections.live import Shown, WorseError, learn_event
from app.page.answer import SHOWN, window_json
from app.page.own_gradio import gr
from app.page.own_words import check_not_own
from app.page.scripts import hook
from app.page.sessions import Sessions
from app.page.theme import fragment
from app.page.turns import turn
from app.teach.examples import TeachError
from app.teach.lesson import MOST_PACK_BYTES, Lesson
from app.teach.lessons import LessonsFullError
from app.teach.pack import Pack, PackError
from models.system.words import count

_UNTAUGHT = (
    "This page cannot be taught new actions: the file background.safetensors is missing beside its model, or belongs "
    "to another one. Whoever started the page reads more where they started it."
)
_SHELL_WAY, _PAGE_WAY = "use the pack with --only", 'switch "Only my actions are named" on first'
_NAME_LETTERS = 200  # most letters of a file's name in a message


def build_teach(sessions: Sessions) -> None:
    """Build the tab inside the current gr.Blocks."""
    if sessions.lessons.teacher is None:
        gr.HTML(f'<section class="card"><p id="untaught">{_UNTAUGHT}</p></section>', js_on_load=None)
    else:
        gr.HTML(fragment("teach"), elem_id="teach", js_on_load=None)


def connect_teach(sessions: Sessions) -> None:
    """Connect teaching to the visitors' registry, inside the current gr.Blocks: what is asked in any of its tabs."""
    if sessions.lessons.teacher is None:
        return
    asked = gr.JSON(visible="hidden", elem_id="teach-asked")
    answer = gr.JSON(visible="hidden", elem_id="teach-answer")
    send = gr.Button(visible="hidden", elem_id="teach-send")
    send.click(
        teach_handler(sessions),
        inputs=asked,
        outputs=answer,
        js=hook("nextRequest"),
        queue=False,
        trigger_mode="multiple",  # requests made while another is being answered must not be lost
        show_progress="hidden",
        api_visibility="private",
    )
    answer.change(None, inputs=answer, outputs=None, js=hook("taught"))


def teach_handler(sessions: Sessions) -> Callable[[object, gr.Request], dict | None]:
    """Return the function that Gradio calls with each request of each visitor; see `answered`."""

    def on_ask(asked: object, request: gr.Request) -> dict | None:
        key = str(request.session_hash)
        if sessions.has_left(key):
            return None
        did = str(asked.get("do", "")) if isinstance(asked, dict) else ""
        if isinstance(asked, dict):
            asked["shown"] = sessions.shown(key, asked.get("event")) if did == "fix" else None
        if did not in _DEEDS and did != "save":
            return answered(sessions.lessons.find(key), asked)
        try:
            return answered(sessions.lessons.of(key), asked)
        except LessonsFullError as error:
            said = str(error)
            looked = answered(sessions.lessons.find(key), {**asked, "do": "look"}) if isinstance(asked, dict) else {}
            return looked | {"did": did, "said": said[:1].upper() + said[1:], "failed": True}

    return on_ask


def answered(lesson: Lesson, asked: object) -> dict:
    """Do what the page asks for, and return the state after it.

    Args:
        lesson: the visitor's lesson.
        asked: {"do": "start", "name", "counter"}, "stop", "cancel", {"do": "delete", "clip"}, {"do": "forget",
            "name"}, {"do": "fix", "event", "name", "insist"} (what one of the last live events was, "" for nothing),
            {"do": "only", "on"}, {"do": "load", "name", "file"} (base64), "save", or anything else for a look;
            with "have", the clips that the page knows. The browser may send anything.

    Returns:
        said: a sentence for the visitor, "" where there is nothing to say; failed: whether it tells of a failure;
        worse: whether it was refused because more would be called wrongly, and may be insisted on; did: what was
        asked; file: the pack as base64, for "save" only; and the state, see `state_json`.
    """
    asked = asked if isinstance(asked, dict) else {}
    did, said, failed, worse, file = str(asked.get("do", "")), "", False, False, None
    try:
        if did == "save":
            file = base64.b64encode(lesson.file()).decode("ascii")
        elif did in _DEEDS:
            said = _DEEDS[did](lesson, asked) or ""
    except (PackError, TeachError, CorrectionError) as error:
        said, failed = str(error).replace(_SHELL_WAY, _PAGE_WAY), True
        worse = isinstance(error, WorseError)
    have = asked.get("have")
    state = state_json(lesson, set(map(str, have)) if isinstance(have, list) else set())
    said = said[:1].upper() + said[1:]
    return {"did": did, "said": said, "failed": failed, "worse": worse, "file": file, **state, "at": time.time()}


def _load(lesson: Lesson, asked: dict) -> str:
    name, text = f'"{str(asked.get("name", ""))[:_NAME_LETTERS]}"', str(asked.get("file", ""))
    if len(text) > MOST_PACK_BYTES * 4 // 3 + 4:
        raise PackError(f"{name}: larger than the page takes ({MOST_PACK_BYTES >> 20} MB)")
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PackError(f"{name}: it did not arrive whole; load it again") from None
    lesson.load(content, name, check_not_own)
    assert lesson.pack is not None
    return f"{count(len(lesson.pack.actions), 'action')} loaded: live now"


def _start(lesson: Lesson, asked: dict) -> None:
    name = str(asked.get("name", ""))
    check_not_own(name)
    lesson.start(name, asked.get("counter") is True)


def _fix(lesson: Lesson, asked: dict) -> str:
    """Learn from one of the last live events: what it was, or that it was nothing of the kind."""
    shown, name = asked.get("shown"), str(asked.get("name", ""))
    if not isinstance(shown, Shown):
        raise TeachError("that event is too long ago: correct the next one sooner")
    if name.strip():
        check_not_own(name)
    insist = asked.get("insist") is True
    with turn():
        pack, said = learn_event(lesson.teacher, lesson.pack, shown, name, lesson.only, insist)
    lesson.take(pack)
    return said


_DEEDS: dict[str, Callable[[Lesson, dict], str | None]] = {
    "start": _start,
    "stop": lambda lesson, asked: lesson.stop(),
    "cancel": lambda lesson, asked: lesson.cancel(),
    "delete": lambda lesson, asked: lesson.delete(str(asked.get("clip", ""))),
    "forget": lambda lesson, asked: lesson.forget(str(asked.get("name", ""))),
    "only": lambda lesson, asked: lesson.set_only(asked.get("on") is True),
    "load": _load,
    "fix": _fix,
}


def state_json(lesson: Lesson, have: set[str]) -> dict:
    """Return what the visitor has taught.

    Returns:
        recording: name of the action that is being recorded, "" for none; only; actions, the newest first: [{name,
        own: whether it is a corrected label of the model's, shown: names of clips, of the newest SHOWN, not: likewise
        of counter-examples, count: of all examples, verdict, good, advice, odd: numbers of the examples that the advice
        names, the oldest is 1}]; clips: {name: {frames, joints}} of those that the page does not `have`.
    """
    pack, names = lesson.pack, lesson.clip_names()
    actions = [] if pack is None else [_action_json(lesson, pack, names, name) for name in reversed(pack.actions)]
    clips = {}
    if pack is not None and pack.clips_EKV3 is not None:
        shown = {name for action in actions for name in (*action["shown"], *action["not"])} - have
        clips = {name: window_json(clip) for name, clip in zip(names, pack.clips_EKV3) if name in shown}
    return {"recording": lesson.recording, "only": lesson.only, "actions": actions, "clips": clips}


def _action_json(lesson: Lesson, pack: Pack, names: list[str], action: str) -> dict:
    newest = lambda places: [names[place] for place in np.flip(places)[:SHOWN]]  # noqa: E731
    shown, counters = pack.examples(action), pack.examples(action, counter=True)
    return {
        "name": action,
        "own": action in pack.corrects,
        "shown": newest(shown),
        "not": newest(counters),
        "count": len(shown),
        **_verdict_json(lesson, action),
    }


def _verdict_json(lesson: Lesson, action: str) -> dict:
    """Return the verdict on an action in words, whether it is good, and what to do next; no words without a teacher."""
    if not lesson.teaches:
        return {"verdict": "", "good": True, "advice": "", "odd": []}
    verdict = lesson.verdict(action)
    return {"verdict": verdict.said, "good": verdict.good, "advice": verdict.advice, "odd": list(verdict.odd)}
