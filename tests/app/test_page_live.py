"""What the page gets for a frame, and what it is told once."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from app.types import ActionEvent, Answer
from tests.app.helpers import HandModel, pose

pytest.importorskip("gradio")

from app.page_live import answer_json, frame_handler, page_settings, provider_badge, words  # noqa: E402
from app.page_theme import css, head  # noqa: E402
from app.sessions import SessionsFull  # noqa: E402

EVENT = ActionEvent(0, "squat", 1.234, 2.345, 0.8765, (("squat", 0.9),), {"joint": 0.9})
MODALITY_MC = np.array([[0.2, 0.7, 0.1], [0.3, 0.6, 0.1], [0.1, 0.8, 0.1]])


def answer(label: str | None = "squat", **changes) -> Answer:
    scores = {"score": 0.7, "fused_C": np.array([0.2, 0.7, 0.1]), "modality_MC": MODALITY_MC}
    facts = {"time_s": 1.5, "people": 1, "pose": pose(1.5), "label": label, "events": (EVENT,)}
    return Answer(**(facts | scores | changes))


def test_answer_is_small_and_rounded():
    reply = answer_json(answer(), HandModel(), 12.345)
    assert reply["top"] == [["squat", 0.7], ["wave", 0.2], ["idle", 0.1]]
    assert reply["modalities"] == [0.7, 0.6, 0.8]
    assert reply["events"] == [["squat", 1.23, 2.35, 0.876]] or reply["events"] == [["squat", 1.23, 2.34, 0.876]]
    assert len(reply["pose"]) == 99 and reply["pose"][:3] == [0.4, 0.2, 1.0]
    assert len(json.dumps(reply)) < 1600


def test_answer_before_the_first_window():
    reply = answer_json(answer(None, pose=None, people=0, fused_C=None, modality_MC=None, events=()), HandModel(), 1.0)
    assert reply["pose"] is None and reply["top"] == [] and reply["modalities"] == []
    json.dumps(reply, allow_nan=False)


def test_modalities_speak_of_the_best_where_nothing_is_shown():
    assert answer_json(answer(None), HandModel(), 1.0)["modalities"] == [0.7, 0.6, 0.8]


def test_handler_says_full():
    class Full:
        limit = 3

        def process(self, key, rgb_HWC):
            raise SessionsFull("full")

    handler = frame_handler(HandModel(), Full())
    request = SimpleNamespace(session_hash="a")
    assert handler(None, request) is None
    assert handler(np.zeros((4, 4, 3), np.uint8), request)["full"] == 3


def test_words_and_settings():
    model = HandModel()
    assert words(model, "squat") == "squatting"
    assert words(model, "sit_down") == "sit down"
    settings = page_settings(model)
    assert settings["words"]["wave"] == "waving" and settings["modalities"] == ["joint", "bone", "motion"]


def test_badge_names_the_provider():
    badge = provider_badge("CUDAExecutionProvider")
    assert "CUDA" in badge and "CUDAExecutionProvider" in badge


def test_a_label_cannot_end_the_script():
    text = head({"words": {"x": "</script><script>alert(1)"}})
    assert "</script><script>alert" not in text


def test_assets_fetch_nothing_from_elsewhere():
    text = css() + head({})
    for sign in ("http://", "https://", "@import", "url("):
        assert sign not in text.replace("http://127.0.0.1", "")
