"""Downloads and corrections in the site, in a real headless Chromium whose camera plays a real person's video."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.landmarks.reader import LandmarkReader
from app.teach.taught_model import load_model
from models.system.places import ASSETS, DEFAULT_MODEL
from tests.app.page_visit import says
from tests.app.site.visit import SLOW, WORDS, picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("gradio")

VERDICT = "worse = judged[1].wrong > judged[0].wrong"
LONG_MS = 4000 * SLOW  # of an action, so that it is an event for sure


def downloaded(tab, button: str, folder: Path) -> Path:
    with tab.expect_download() as download:
        tab.click(button)
    download.value.save_as(path := folder / download.value.suggested_filename)
    return path


def answered(tab) -> str:
    """Wait for the answer to a correction. (The page's policy keeps a test from asking again and again by a script.)"""
    line = tab.locator("#fix-answer:visible").filter(has_not_text="Learning ...")
    line.wait_for()
    return line.inner_text()


def acts(tab, words: str) -> None:
    """Wait until the person at the camera is said to do something, and for as long as makes an event; then stop."""
    tab.click("#start")
    says(tab, "#action", words)
    tab.wait_for_timeout(LONG_MS)
    tab.click("#stop")
    tab.locator("#events tr", has_text=words.lower()).first.wait_for()


def test_landmarks_and_events_are_downloaded(open_site, tmp_path):
    tab, *_, said = open_site()
    tab.click("#start")
    tab.wait_for_selector("#record-here:visible")
    tab.click("#record-here")
    says(tab, "#recording-mark", "Recording landmarks, no pictures")
    picture(tab, "recording.png")
    says(tab, "#action", WORDS)
    tab.wait_for_timeout(LONG_MS)
    tab.click("#stop")
    says(tab, "#events", WORDS.lower())
    with LandmarkReader(downloaded(tab, "#record-here", tmp_path)) as reader:
        seen, last_s = sum(bool(people) for _, people in reader), reader.last_s
        assert reader.path.name == "ikem-live.ikem" and not reader.note and seen > 20
        assert reader.settings == {"pose": "wheel", "source": "live page, in the browser"}
    (first, *_) = downloaded(tab, "#save-lines", tmp_path).read_text(encoding="utf-8").splitlines()
    event = json.loads(first)
    assert event["label"] == "jumping_jack" and event["input"] == "ikem-live.ikem" and 0 < event["end"] <= last_s
    assert "jumping_jack" in downloaded(tab, "#save-live", tmp_path).read_text(encoding="utf-8")
    tab.set_viewport_size({"width": 390, "height": 844})
    tab.locator("#timeline").scroll_into_view_if_needed()
    picture(tab, "downloads-phone.png")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390 and said == []


def test_corrections_are_learnt(open_site, tmp_path):
    """What was said is named as it was corrected, from then on; and that can be wrong too."""
    tab, *_, said = open_site()
    acts(tab, WORDS)
    tab.fill("#fix-name", "my jack")
    tab.locator("#fix-name").press("Enter")
    assert answered(tab).startswith('Learnt as "my jack"; better: ')
    picture(tab, "corrected.png")
    acts(tab, "My jack")
    assert tab.inner_text("#fix-said-label") == "my jack"
    tab.click("#fix-wrong")
    assert answered(tab).startswith('Learnt as what "my jack" is not; ')
    tab.click("#teach-tab-button")
    says(tab, "#taught h3", "my jack")
    model = load_model(DEFAULT_MODEL, downloaded(tab, "#teach-save", tmp_path), device="cpu", threads=1)
    assert "my jack" in model.labels and said == []


def test_a_correction_that_makes_it_worse_is_learnt_only_if_insisted_on(open_site):
    """The verdict is changed in this site alone, so that every correction is called worse."""
    script = (ASSETS / "web" / "fix.js").read_text(encoding="utf-8")
    tab, *_, said = open_site(fix=script.replace(VERDICT, "worse = true").encode())
    assert VERDICT in script
    acts(tab, WORDS)
    assert tab.locator("#fix-insist").is_hidden()
    tab.click("#fix-wrong")
    refused = answered(tab)
    assert refused.startswith("Worse: ") and refused.endswith("Nothing was learnt")
    tab.click("#teach-tab-button")
    assert tab.locator("#taught h3").count() == 0
    tab.click("#live-tab-button")
    tab.click("#fix-insist")
    assert answered(tab).startswith('Learnt as what "')
    tab.click("#teach-tab-button")
    says(tab, "#taught h3", "(corrected)")
    assert said == []
