"""The About tab: what the model file says, every class with its picture, versions."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest

from models.skeleton import JOINTS
from tests.app.helpers import HandModel

pytest.importorskip("gradio")

from app.page.about_tab import about_html, model_facts, versions
from app.page.motions import motions
from app.page.theme import PAGE_ASSETS

MOTIONS = json.loads((PAGE_ASSETS / "motions.json").read_text())


def test_the_facts_of_the_model():
    facts = model_facts(HandModel())
    assert facts["Runs on"] == "none" and facts["Terms"] == "For tests only." and facts["Version"] == "test"
    assert facts["Actions"] == "2" and facts["Thresholds"].startswith("an action is named from 50% on")
    assert "not given" in model_facts(HandModel(terms=""))["Terms"]
    assert all(value in about_html(HandModel()) for value in facts.values())


def test_every_class_is_there_also_one_without_a_motion():
    model = HandModel(labels=("wave", "idle", "other", "<b>"), display={"wave": "waving"})
    text = about_html(model)
    assert text.count('class="class-card"') == 4 and text.count('class="motion"') == 2
    assert "waving" in text and "whatever it does not know" in text and "<b><b>" not in text and "&lt;b&gt;" in text


def test_motions_are_fetched_when_they_are_seen(shipped_model):
    assert len(about_html(shipped_model)) < 12_000
    assert motions()["wave"] == {"fps": MOTIONS["fps"], **MOTIONS["clips"]["wave"]}


def test_who_is_followed_is_said():
    text = " ".join(about_html(HandModel()).split())
    assert "follows up to four people, and the large words speak of the nearest one" in text


def test_versions_of_what_is_installed():
    assert set(versions()) >= {"Python", "gradio", "numpy"}


def test_every_action_of_the_shipped_model_has_a_motion(shipped_model):
    assert set(shipped_model.labels) - {"other"} <= set(MOTIONS["clips"])


def test_motions_are_small_and_are_bodies():
    assert (PAGE_ASSETS / "motions.json").stat().st_size <= 200_000
    foot, head = JOINTS.index("left_foot"), JOINTS.index("head")
    for name, clip in MOTIONS["clips"].items():
        joints_TV3 = np.frombuffer(base64.b64decode(clip["joints"]), "<i2").reshape(clip["frames"], 25, 3) / 1000
        assert np.abs(joints_TV3).max() < 2.6 and joints_TV3[:, foot, 1].min() > -0.1, name
        if name != "lie_down":
            assert joints_TV3[:, head, 1].max() > 1.1, name
        if name != "idle":
            assert np.ptp(joints_TV3, axis=0).max() > 0.1, f"{name} does not move"


def test_the_asset_is_what_its_script_writes(tmp_path, monkeypatch):
    from training.drawing import page_motions

    monkeypatch.setattr(page_motions, "OUT", tmp_path / "motions.json")
    page_motions.main()
    written = json.loads((tmp_path / "motions.json").read_text())["clips"]
    assert set(written) == set(MOTIONS["clips"])
    for name, clip in written.items():
        a, b = (np.frombuffer(base64.b64decode(c["joints"]), "<i2") for c in (clip, MOTIONS["clips"][name]))
        assert np.abs(a.astype(int) - b).max() <= 2, f"{name}: run python -m training.drawing.page_motions again"


def test_the_app_needs_nothing_of_the_trainer_for_it():
    paths = list(PAGE_ASSETS.parents[1].glob("app/page/*.py"))
    assert paths
    for path in paths:
        assert not re.search(r"^\s*(from|import) training", path.read_text(), re.M), path.name
