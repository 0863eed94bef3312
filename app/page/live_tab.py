"""The page's first tab: the camera, the skeletons drawn over it, and people's actions in words.

The browser sends pictures and gets numbers back: the answer to a frame is a small JSON object, and the page draws it
(assets/page). No picture is returned, so none is ever written to disk.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from html import escape
from typing import TYPE_CHECKING, Any

from app.classify.formats import event_columns
from app.page.answer import answer_json, live_event_json, words
from app.page.frame_route import PATH, FrameRoute
from app.page.here import NOT_HERE, Here
from app.page.motions import motions
from app.page.own_gradio import gr
from app.page.scripts import hook
from app.page.session import VisitorLeft
from app.page.sessions import Sessions, SessionsFull
from app.page.theme import fragment
from app.page.wire import JOINT_STEP, POSE_STEP
from app.types import POSE_CONNECTIONS
from models.labels import IDLE
from models.skeleton import BONES, SEEN_FROM

if TYPE_CHECKING:
    import numpy as np

    from export.runtime import Recogniser

# What the start card proposes to try first: the short id of an action, and how a visitor is asked for it.
PROPOSED = {"wave": "wave", "squat": "squat", "jumping_jack": "do jumping jacks"}

Addresses = Callable[[str], dict[str, str]]  # of a visitor: see app.page.event_streams.EventStreams.addresses
MOST_SHOWN = 3  # actions of the start card's skeleton, where the model knows none of those

STEADY = 0.5  # the sensitivity that takes the model's own thresholds

# The landmarker works on 256 x 256 crops: a larger picture would only take longer to send.
_CAMERA = {
    "video": {
        "width": {"ideal": 640},
        "height": {"ideal": 480},
        "frameRate": {"ideal": 30},
        "facingMode": {"ideal": "user"},
    }
}


def page_settings(
    model: Recogniser, recording: bool = False, here: Here = NOT_HERE, events: bool = False
) -> dict[str, Any]:
    """Return the facts that the page's scripts need once: labels in plain words, modalities, lines of the skeletons.

    "route" is relative to the page's address; "event_columns" are the columns of the file of events that the page
    writes; "here" tells of the recogniser for browsers (app.page.here), and "stay" why a visitor's browser should not
    take over by itself.
    """
    stay = "other programs hear the events there" if events else "the landmarks are recorded there" if recording else ""
    return {
        "words": {label: words(model, label) for label in model.labels},
        "labels": list(model.labels),
        "modalities": list(model.modalities),
        "lines": [list(pair) for pair in POSE_CONNECTIONS],
        "bones": [list(pair) for pair in BONES],
        "steps": {"pose": POSE_STEP, "joint": JOINT_STEP},
        "seen_from": SEEN_FROM,
        "event_columns": event_columns(inputs=False),
        "camera": _CAMERA,
        "route": f".{PATH}",
        "window": model.window_s,
        "recording": recording,
        "here": here.settings(),
        "stay": stay,
    }


def build_live(
    page: gr.Blocks, model: Recogniser, sessions: Sessions, route: FrameRoute, addresses: Addresses | None = None
) -> None:
    """Build the tab inside the current gr.Blocks, and connect it to the visitors' registry.

    The page posts its pictures to the route; it gets the key when it loads.

    Args:
        page: the page.
        model: the action model.
        sessions: the registry.
        route: of the pictures.
        addresses: returns where other programs hear a visitor's events; None where they do not.
    """
    with gr.Row(elem_id="live", equal_height=False):
        with gr.Column(scale=6, min_width=320, elem_id="left"):
            with gr.Column(elem_id="stage"):
                _piece("camera", elem_id="cam")
                known = () if sessions.lessons.only else model.labels
                _piece("stage", elem_id="stage-ui", proposed=proposed(known), preview=preview(known))
            with gr.Row(elem_id="controls", equal_height=True):
                _piece("controls", elem_id="camera-controls")
                sensitivity = gr.Slider(
                    0, 1, STEADY, step=0.05, label="Sensitivity", elem_id="sensitivity", buttons=[], min_width=140
                )
            _piece("status", elem_id="status", provider=provider_badge(model.provider))
            _piece("timeline", elem_id="timeline")
            if addresses is not None:
                _piece("for_programs", elem_id="programs")
            if sessions.lessons.teacher is not None:
                _piece("fix", elem_id="fix-box")
        with gr.Column(scale=5, min_width=320, elem_id="right"):
            _piece("now", elem_id="now")
            _piece("scores", elem_id="scores")
            _piece("sees", elem_id="sees", window=f"{model.window_s:g}")
    answer = gr.JSON(visible="hidden", elem_id="answer")
    stopped = gr.Button(visible="hidden", elem_id="stopped")
    renew = gr.Button(visible="hidden", elem_id="renew")
    sensitivity.change(None, inputs=sensitivity, outputs=None, js=hook("setSensitivity"))
    stopped.click(stop_handler(sessions), outputs=answer, queue=False, show_progress="hidden", api_visibility="private")
    answer.change(None, inputs=answer, outputs=None, js=hook("told"))
    new_key = key_handler(route, addresses)
    page.load(new_key, outputs=answer, queue=False, show_progress="hidden", api_visibility="private")
    # A server that was started anew does not take the key: the page then asks for another.
    renew.click(new_key, outputs=answer, queue=False, show_progress="hidden", api_visibility="private")


def _piece(name: str, elem_id: str, **values: str) -> None:
    gr.HTML(fragment(name, **values), elem_id=elem_id, js_on_load=None)


def proposed(labels: Collection[str]) -> str:
    """Return what the start card proposes, as the end of a sentence: those of PROPOSED that are among the labels."""
    known = [text for label, text in PROPOSED.items() if label in labels]
    return f": {', '.join(known)}" if known else ""


def preview(labels: Collection[str]) -> str:
    """Return HTML of the start card's skeleton: it does what the card proposes, or else the first few of the labels."""
    moving = [label for label in labels if label in motions() and label != IDLE]
    shown = [label for label in PROPOSED if label in moving] or moving[:MOST_SHOWN]
    return fragment("preview", labels=escape(" ".join(shown))) if shown else ""


def provider_badge(provider: str) -> str:
    """Return a badge with the short name of the execution provider in use, and its full name as a tooltip."""
    short = provider.removesuffix("ExecutionProvider")
    return f'<span class="badge" id="provider" title="The model runs on {provider}">{short}</span>'


def frame_handler(sessions: Sessions) -> Callable[[str, np.ndarray, float | None], dict | None]:
    """Return the function that answers each picture of each visitor, given the position of their slider."""

    def on_frame(visitor: str, rgb_HWC: np.ndarray, sensitivity: float | None) -> dict | None:
        start, sensitivity = time.perf_counter(), checked(sensitivity)
        try:
            reply = sessions.process(visitor, rgb_HWC, sensitivity)
        except SessionsFull:
            return {"full": sessions.limit}
        except VisitorLeft:
            return None
        return answer_json(reply, sensitivity, (time.perf_counter() - start) * 1000)

    return on_frame


def key_handler(route: FrameRoute, addresses: Addresses | None = None) -> Callable[[gr.Request], dict]:
    """Return the function that Gradio calls when a visitor's page has loaded, which returns the key to the route.

    The page also gets its session hash, to show that it lives, and the time: Gradio hands on what has changed.

    Args:
        route: of the pictures.
        addresses: see build_live.
    """

    def on_load(request: gr.Request) -> dict:
        session = str(request.session_hash)
        told = {} if addresses is None else addresses(session)
        return {"key": route.key(session), "session": session, "at": time.time(), **told}

    return on_load


def checked(sensitivity: float | None) -> float:
    """Return the slider's position as a number in [0, 1]; the browser may send anything."""
    if isinstance(sensitivity, int | float) and 0 <= sensitivity <= 1:
        return float(sensitivity)
    return STEADY


def stop_handler(sessions: Sessions) -> Callable[[gr.Request], dict]:
    """Return the function that Gradio calls when a visitor stops the camera; it returns the newest events."""

    def on_stop(request: gr.Request) -> dict:
        events = sessions.finish(str(request.session_hash))
        return {"stopped": [live_event_json(number, event) for number, event in events], "at": time.time()}

    return on_stop
