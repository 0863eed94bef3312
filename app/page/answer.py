"""The answer to a frame as the page receives it: a small JSON object, and the plain words of labels.

Shapes: M modalities, C classes, T frames of the window, V joints (25).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.classify.formats import event_fields
from app.page.wire import JOINT_STEP, pack, pack_pose
from app.stream.decision import Decision
from app.types import ActionEvent, Answer, PersonState

if TYPE_CHECKING:
    from app.page.session import Reply
    from export.runtime import Recogniser

TOP = 5
SHOWN = 12  # how many of a taught action's newest clips are sent; a pack may hold hundreds
MORE = ("top3", "modality_scores", "repetitions")  # of an event's fields, those that only a file shows
SEES_EVERY = 2  # every how many frames of the window one is sent; the page draws those between


def words(model: Recogniser, label: str) -> str:
    """Return a label's plain words ("sit_down" -> "sitting down")."""
    return model.display.get(label, label.replace("_", " "))


def answer_json(reply: Reply, sensitivity: float, server_ms: float) -> dict:
    """Return a reply as the small JSON object from which the page draws.

    Args:
        reply: the reply of the visitor's session.
        sensitivity: the visitor's setting.
        server_ms: time spent on the frame, ms.

    Returns:
        s: which session this is; t: its time, s; people, note; persons: everybody (see `person_json`), the main one
        first; label, score, count (null where it is not counted); threshold: the score from which that label is named;
        closest: [label, score, threshold] where nothing is named; top: the TOP best [label, score], the named one
        first; modalities: the first one's score by modality; events: the newest (see `live_event_json`), some of which
        were sent before; sees: the main person's window, when there is a new one; recording: "", "on" or "failed"; ms.
    """
    answer = reply.answer
    decision = Decision(reply.model.labels, reply.model.thresholds, sensitivity)
    told = answer.label or (answer.closest[0] if answer.closest else "")
    threshold = round(decision.enter_of(told), 3)
    return {
        "s": reply.session,
        "t": round(answer.time_s, 3),
        "people": answer.people,
        "note": answer.note,
        "persons": [person_json(state) for state in answer.persons if state.pose is not None],
        "label": answer.label,
        "score": round(float(answer.score), 3),
        "count": answer.count,
        "threshold": threshold,
        "closest": None if answer.closest is None else [answer.closest[0], round(answer.closest[1], 3), threshold],
        **_scores(answer, reply.model),
        "events": [live_event_json(number, event) for number, event in reply.events],
        "sees": None if reply.window_TV3 is None else window_json(reply.window_TV3),
        "recording": reply.recording,
        "ms": round(server_ms, 1),
    }


def person_json(state: PersonState) -> dict:
    """Return a person as JSON: id, main, pose (packed; x, y, visibility of 33 landmarks), label and count."""
    pose = pack_pose(state.pose)
    return {"id": state.person, "main": state.main, "pose": pose, "label": state.label, "count": state.count}


def event_json(number: int, event: ActionEvent) -> list:
    """Return an event as [number within the session, person, label, start s, end s, score, count or null]."""
    start_s, end_s = round(event.start_s, 3), round(event.end_s, 3)
    return [number, event.person, event.label, start_s, end_s, round(event.score, 4), event.count]


def live_event_json(number: int, event: ActionEvent) -> list:
    """Return an event as `event_json` does, and in the end the rest of what a file has of it, by the names there."""
    fields = event_fields("", event)
    return [*event_json(number, event), {name: fields[name] for name in MORE}]


def window_json(window_TV3: np.ndarray) -> dict:
    """Return every second frame of a window, including the newest, packed in millimetres."""
    kept = window_TV3[::-1][::SEES_EVERY][::-1]
    return {"frames": len(kept), "joints": pack(kept, JOINT_STEP)}


def _scores(answer: Answer, model: Recogniser) -> dict:
    if answer.fused_C is None or answer.modality_MC is None:
        return {"top": [], "modalities": []}
    # An action goes on for as long as its score allows, though another may be a little likelier by then.
    best = sorted(np.argsort(-answer.fused_C, kind="stable"), key=lambda c: model.labels[c] != answer.label)[:TOP]
    return {
        "top": [[model.labels[c], round(float(answer.fused_C[c]), 3)] for c in best],
        "modalities": [round(float(score), 3) for score in answer.modality_MC[:, best[0]]],
    }
