"""The page's first tab: the camera, the skeleton over it, and what the person does, in words.

The browser sends pictures and gets numbers back: the answer to a frame is a small JSON object, and the drawing is done
in the page (assets/page). No picture is returned, so none is ever written to disk.

Shapes: V landmarks (33), M modalities, C classes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import gradio as gr
import numpy as np

from app.page_theme import PAGE_ASSETS
from app.sessions import Sessions, SessionsFull, VisitorLeft
from app.types import POSE_CONNECTIONS, ActionEvent, Answer

if TYPE_CHECKING:
    from export.runtime import ActionModel

FRAME_EVERY_S = 1 / 30
TOP = 5

# The landmarker works on 256 x 256 crops: a larger picture would only take longer to send.
_CAMERA = {
    "video": {
        "width": {"ideal": 640},
        "height": {"ideal": 480},
        "frameRate": {"ideal": 30},
        "facingMode": {"ideal": "user"},
    }
}


def page_settings(model: ActionModel) -> dict:
    """Facts that the page's scripts need once: class names in plain words, modalities, lines of the skeleton."""
    return {
        "words": {label: words(model, label) for label in model.labels},
        "labels": list(model.labels),
        "modalities": list(model.modalities),
        "lines": [list(pair) for pair in POSE_CONNECTIONS],
        "camera": _CAMERA,
        "window": model.window_s,
    }


def words(model: ActionModel, label: str) -> str:
    """A class's plain words, for people ("sit_down" -> "sitting down")."""
    return model.display.get(label, label.replace("_", " "))


def build_live(model: ActionModel, sessions: Sessions) -> None:
    """Lay the tab out, inside the gr.Blocks being built, and wire it to the visitors' registry."""
    with gr.Row(elem_id="live", equal_height=False):
        with gr.Column(scale=6, min_width=320, elem_id="stage"):
            camera = gr.Image(
                sources=["webcam"],
                streaming=True,
                type="numpy",
                # The picture is sent as the camera sees it (left stays left); the page mirrors what it shows.
                webcam_options=gr.WebcamOptions(mirror=False, constraints=_CAMERA),
                elem_id="cam",
                show_label=False,
                container=False,
                buttons=[],
            )
            gr.HTML((PAGE_ASSETS / "stage.html").read_text(encoding="utf-8"), elem_id="stage-ui", js_on_load=None)
        with gr.Column(scale=5, min_width=320, elem_id="panel-column"):
            panel = (PAGE_ASSETS / "panel.html").read_text(encoding="utf-8")
            gr.HTML(panel.replace("{provider}", provider_badge(model.provider)), elem_id="panel", js_on_load=None)
        gr.HTML((PAGE_ASSETS / "timeline.html").read_text(encoding="utf-8"), elem_id="timeline", js_on_load=None)
    answer = gr.JSON(visible="hidden", elem_id="answer")
    camera.stream(
        frame_handler(model, sessions),
        inputs=camera,
        outputs=answer,
        stream_every=FRAME_EVERY_S,
        # Some more than the limit, so that a visitor too many is told so instead of waiting in a queue.
        concurrency_limit=4 * sessions.limit,
        show_progress="hidden",
        api_visibility="private",
    )
    answer.change(None, inputs=answer, outputs=None, js="(answer) => window.ikem.update(answer)")


def provider_badge(provider: str) -> str:
    """The execution provider really in use, short, with ONNX Runtime's own name beside it."""
    short = provider.removesuffix("ExecutionProvider")
    return f'<span class="badge" title="ONNX Runtime runs on {provider}">{short} <small>{provider}</small></span>'


def frame_handler(model: ActionModel, sessions: Sessions) -> Callable[[np.ndarray | None, gr.Request], dict | None]:
    """The function that Gradio calls with each picture of each visitor."""

    def on_frame(rgb_HWC: np.ndarray | None, request: gr.Request) -> dict | None:
        if rgb_HWC is None:
            return None
        start = time.perf_counter()
        try:
            answer = sessions.process(str(request.session_hash), rgb_HWC)
        except SessionsFull:
            return {"full": sessions.limit, "at": time.time()}
        except VisitorLeft:
            return None
        return answer_json(answer, model, (time.perf_counter() - start) * 1000)

    return on_frame


def answer_json(answer: Answer, model: ActionModel, server_ms: float) -> dict:
    """An answer as the small JSON object that the page draws from.

    Returns:
        t time (s), people, note; pose: 33 x (x, y, visibility) flat, or None; label, score; top: the TOP best
        [label, score]; modalities: the shown label's score by modality; events that ended with this frame; ms spent.
    """
    shown, top, modality_M = answer.label, [], []
    if answer.fused_C is not None and answer.modality_MC is not None:
        best = np.argsort(-answer.fused_C)[:TOP]
        top = [[model.labels[c], round(float(answer.fused_C[c]), 3)] for c in best]
        c = model.labels.index(shown) if shown in model.labels else int(best[0])
        modality_M = [round(float(score), 3) for score in answer.modality_MC[:, c]]
    return {
        "t": round(answer.time_s, 3),
        "people": answer.people,
        "note": answer.note,
        "pose": None if answer.pose is None else _flat(answer.pose.image_V3, answer.pose.visibility_V),
        "label": shown,
        "score": round(float(answer.score), 3),
        "top": top,
        "modalities": modality_M,
        "events": [event_json(event) for event in answer.events],
        "ms": round(server_ms, 1),
    }


def event_json(event: ActionEvent) -> list:
    """[label, start s, end s, score]."""
    return [event.label, round(event.start_s, 2), round(event.end_s, 2), round(event.score, 3)]


def _flat(image_V3: np.ndarray, visibility_V: np.ndarray) -> list[float]:
    flat = np.concatenate([image_V3[:, :2], visibility_V[:, None]], axis=1).ravel().astype(float)
    return [round(number, 4) for number in flat.tolist()]
