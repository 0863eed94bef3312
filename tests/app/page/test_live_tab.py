"""What the page gets for a frame, and what it is told once."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from app.classify.formats import event_fields
from app.page.session import Reply, VisitorLeft
from app.page.sessions import SessionsFull
from app.types import ActionEvent, Answer, PersonState
from tests.app.helpers import HandModel, pose

pytest.importorskip("gradio")

from app.page import jpeg as page_frame
from app.page.answer import MORE, answer_json, live_event_json, words
from app.page.jpeg import read_frame
from app.page.live_tab import (
    PROPOSED,
    frame_handler,
    key_handler,
    page_settings,
    preview,
    proposed,
    provider_badge,
    stop_handler,
)
from app.page.theme import css
from models.labels import DISPLAY
from models.skeleton import SEEN_FROM

EVENT = ActionEvent(1, "squat", 1.234, 2.345, 0.8765, (("squat", 0.9),), {"joint": 0.9})
MODALITY_MC = np.array([[0.2, 0.7, 0.1], [0.3, 0.6, 0.1], [0.1, 0.8, 0.1]])
REQUEST = SimpleNamespace(session_hash="a")
PICTURE = np.full((4, 6, 3), 99, np.uint8)


def state(number: int, main: bool, label: str | None = None, seen: bool = True) -> PersonState:
    return PersonState(number, main, pose(1.5) if seen else None, label, 0.7, None, None)


def reply(label: str | None = "squat", **changes) -> Reply:
    scores = {"score": 0.7, "fused_C": np.array([0.2, 0.7, 0.1]), "modality_MC": MODALITY_MC}
    facts = {"time_s": 1.5, "people": 2, "pose": pose(1.5), "label": label}
    facts["persons"] = (state(3, True, label), state(1, False, "wave"), state(2, False, seen=False))
    window_TV3 = np.arange(50 * 75).reshape(50, 25, 3) / 1000
    return Reply(7, Answer(**(facts | scores | changes)), HandModel(), ((4, EVENT),), window_TV3, "on")


def told(*args, **changes) -> dict:
    return answer_json(reply(*args, **changes), 0.5, 12.345)


def unpack(text: str, step: float) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<i2") * step


def picture_file(rgb_HWC: np.ndarray, kind: str = "JPEG") -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(rgb_HWC).save(file, kind)
    return file.getvalue()


def test_answer_is_small_and_rounded():
    answer = told()
    assert (answer["s"], answer["t"], answer["ms"], answer["recording"]) == (7, 1.5, 12.3, "on")
    assert answer["top"] == [["squat", 0.7], ["wave", 0.2], ["idle", 0.1]]
    assert answer["modalities"] == [0.7, 0.6, 0.8]
    assert [event[:-1] for event in answer["events"]] == [[4, 1, "squat", 1.234, 2.345, 0.8765, None]]
    assert answer["events"][0][-1] == {name: event_fields("", EVENT)[name] for name in MORE}
    assert len(json.dumps(answer | {"sees": None})) < 1500
    assert len(json.dumps(answer["sees"])) < 5200


def test_everybody_in_view_is_told_the_main_one_first():
    persons = told()["persons"]
    assert [(p["id"], p["main"], p["label"]) for p in persons] == [(3, True, "squat"), (1, False, "wave")]
    points = unpack(persons[0]["pose"], page_settings(HandModel())["steps"]["pose"]).reshape(33, 3)
    assert np.allclose(points[:2], [[0.4, 0.2, 1.0], [0.6, 0.8, 1.0]], atol=1e-4)


def test_repetitions_are_told_of_everybody_and_of_events():
    counted = replace(reply(), events=((4, replace(EVENT, count=12)),))
    states = tuple(replace(state, count=3 + k) for k, state in enumerate(counted.answer.persons))
    answer = answer_json(replace(counted, answer=replace(counted.answer, count=3, persons=states)), 0.5, 1.0)
    assert answer["count"] == 3 and [p["count"] for p in answer["persons"]] == [3, 4] and answer["events"][0][6] == 12
    assert told()["count"] is None


def test_the_window_ends_with_its_newest_frame():
    sees = told()["sees"]
    joints = unpack(sees["joints"], page_settings(HandModel())["steps"]["joint"]).reshape(sees["frames"], 25, 3)
    assert sees["frames"] == 25 and np.allclose(joints[-1], np.arange(49 * 75, 50 * 75).reshape(25, 3) / 1000)


def test_why_not_names_the_threshold_of_the_slider():
    unsure = reply(None, closest=("wave", 0.4123))
    for sensitivity, threshold in ((0.5, 0.5), (1.0, 0.25), (0.0, 0.95)):
        answer = answer_json(unsure, sensitivity, 1.0)
        assert answer["closest"] == ["wave", 0.412, threshold]
    assert told()["closest"] is None


def test_the_threshold_is_the_labels_own():
    own = HandModel(thresholds={"enter": 0.5, "leave": 0.35, "by_label": {"squat": 0.8}})
    threshold = lambda answer: answer_json(replace(answer, model=own), 0.5, 1.0)["threshold"]  # noqa: E731
    assert threshold(reply("squat")) == 0.8 and threshold(reply("wave")) == 0.5
    unsure = answer_json(replace(reply(None, closest=("squat", 0.7)), model=own), 0.5, 1.0)
    assert unsure["closest"] == ["squat", 0.7, 0.8], "it is below its own threshold"


def test_the_named_action_leads_the_likeliest():
    """It goes on below the threshold for a while, though another may be a little likelier by then."""
    answer = told("wave", score=0.4, fused_C=np.array([0.4, 0.45, 0.15]))
    assert answer["top"] == [["wave", 0.4], ["squat", 0.45], ["idle", 0.15]] and answer["threshold"] == 0.5
    assert answer["modalities"] == [0.2, 0.3, 0.1]


def test_the_start_card_proposes_what_the_model_knows():
    last = list(PROPOSED)[-1]
    assert proposed(tuple(PROPOSED)) == f": {', '.join(PROPOSED.values())}"
    assert proposed(("somersault", last)) == f": {PROPOSED[last]}"
    assert proposed(()) == proposed(("somersault",)) == "" and set(PROPOSED) <= set(DISPLAY)


def test_the_start_card_moves():
    assert 'data-labels="wave squat jumping_jack"' in preview(("squat", "kick", "wave", "jumping_jack", "idle"))
    assert 'data-labels="kick bow"' in preview(("idle", "kick", "somersault", "bow"))
    assert preview(("idle", "other", "somersault")) == preview(()) == ""


def test_answer_before_the_first_window():
    bare = Reply(7, Answer(0.1, 0, None, None, 0.0, None, None), HandModel(), (), None, "")
    answer = answer_json(bare, 0.5, 1.0)
    assert answer["persons"] == answer["top"] == answer["modalities"] == [] and answer["sees"] is None
    json.dumps(answer, allow_nan=False)


def test_modalities_speak_of_the_best_where_nothing_is_shown():
    assert told(None)["modalities"] == [0.7, 0.6, 0.8]


class Visitors:
    """Stands in for the registry: remembers the sensitivity, answers or refuses."""

    limit = 3

    def __init__(self, error: type[Exception] | None = None) -> None:
        self.error, self.sensitivities = error, []

    def process(self, key, rgb_HWC, sensitivity):
        self.sensitivities.append(sensitivity)
        if self.error:
            raise self.error
        return reply()

    def finish(self, key):
        return ((5, EVENT),)


def test_handler_answers_refuses_and_keeps_quiet():
    handle = lambda visitors: frame_handler(visitors)("a", PICTURE, 0.5)  # noqa: E731
    assert handle(Visitors())["s"] == 7
    assert handle(Visitors(SessionsFull))["full"] == 3
    assert handle(Visitors(VisitorLeft)) is None


def test_handler_takes_any_sensitivity_that_a_browser_sends():
    visitors = Visitors()
    handler = frame_handler(visitors)
    for sent in (0, 0.8, 1, None, 7, -1, float("nan"), float("inf")):
        handler("a", PICTURE, sent)
    assert visitors.sensitivities == [0, 0.8, 1] + 5 * [0.5]


def test_stopping_tells_what_ended():
    assert stop_handler(Visitors())(REQUEST)["stopped"] == [live_event_json(5, EVENT)]


def test_a_key_names_whose_it_is_and_is_told_anew():
    """Gradio hands on what has changed alone, and a server that was started anew may be asked for a key twice."""
    handle = key_handler(SimpleNamespace(key=lambda visitor: f"key of {visitor}"))
    first, second = handle(REQUEST), handle(REQUEST)
    assert (first["key"], first["session"]) == ("key of a", "a")
    assert first != second


def test_a_picture():
    rgb_HWC = read_frame(picture_file(PICTURE * np.array([1, 0, 0], np.uint8)))
    assert rgb_HWC.shape == (4, 6, 3) and rgb_HWC.dtype == np.uint8
    assert np.allclose(rgb_HWC[0, 0], [99, 0, 0], atol=4), "red comes first"
    assert read_frame(picture_file(PICTURE[:, :, 0])).shape == (4, 6, 3), "grey becomes colour"


def test_what_is_no_picture_of_a_sensible_size_is_left_out(monkeypatch):
    good = picture_file(PICTURE)
    for bad in (b"", b"data:image/jpeg;base64,", good[:20], good[: len(good) // 2], picture_file(PICTURE, "PNG")):
        assert read_frame(bad) is None, bad[:40]
    monkeypatch.setattr(page_frame, "MOST_PIXELS", 23)
    assert read_frame(good) is None
    monkeypatch.setattr(page_frame, "MOST_PIXELS", 24)
    assert read_frame(good) is not None
    monkeypatch.setattr(page_frame, "MOST_BYTES", 100)
    assert read_frame(good) is None


def test_words_and_settings():
    model = HandModel()
    assert words(model, "squat") == "squatting"
    assert words(model, "sit_down") == "sit down"
    settings = page_settings(model)
    assert settings["words"]["wave"] == "waving" and settings["modalities"] == ["joint", "bone", "motion"]
    assert len(settings["bones"]) == 24 and settings["recording"] is False
    assert settings["seen_from"] == SEEN_FROM, "the page draws what the model counts"
    assert list(settings["event_columns"]) == ["person", "label", "start", "end", "score", "count"]


def test_badge_names_the_provider():
    badge = provider_badge("CUDAExecutionProvider")
    assert ">CUDA<" in badge and "CUDAExecutionProvider" in badge


def test_the_style_fetches_nothing_from_elsewhere():
    for sign in ("http://", "https://", "@import", "url("):
        assert sign not in css()
