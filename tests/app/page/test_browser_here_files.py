"""What a visitor whose own browser recognises may keep: landmarks and events; and several people before it.

A real headless Chromium whose camera plays videos of real people.
"""

from __future__ import annotations

import json

import pytest

from app.classify.one_input import classify_video
from app.landmarks.reader import LandmarkReader
from tests.app.page_visit import SLOW, is_drawn, says

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("gradio")
TWO = "multi_boxing_01.mp4"


def test_landmarks_and_events_are_downloaded(page_here, shipped_model, tmp_path):
    """What the browser said of the events is what Python says of the landmarks that it wrote."""
    tab, server = page_here("here")
    assert tab.locator("#record-here").is_hidden()
    tab.click("#start")
    says(tab, "#runs-note", "No picture leaves this computer")
    tab.click("#record-here")
    says(tab, "#recording-mark", "Recording landmarks, no pictures")
    says(tab, "#action", "Jumping jacks")
    tab.wait_for_timeout(3000 * SLOW)
    tab.locator("#runs-on label", has_text="the server").click()
    says(tab, "#runs-note", "Download the landmarks first")
    tab.click("#stop")
    says(tab, "#events", "jumping jacks")
    says(tab, "#record-here", "Download landmarks")
    with tab.expect_download() as landmarks:
        tab.click("#record-here")
    with tab.expect_download() as lines:
        tab.click("#save-lines")
    says(tab, "#record-here", "Record landmarks")
    assert landmarks.value.suggested_filename == "ikem-live.ikem"
    landmarks.value.save_as(path := tmp_path / "ikem-live.ikem")
    with LandmarkReader(path) as reader:
        seen = sum(bool(people) for _, people in reader)
        assert reader.settings["source"] == "live page, in the browser" and not reader.note and seen > 20
    result = classify_video(path, shipped_model)
    assert result.summary.label == "jumping_jack"
    told = [json.loads(line) for line in lines.value.path().read_text(encoding="utf-8").splitlines()]
    assert {event["input"] for event in told} == {path.name} and told[0]["label"] == "jumping_jack"
    assert told[0]["top3"][0][0] == "jumping_jack" and len(told[0]["modality_scores"]) == 3
    (event,) = [event for event in result.events if event.label == "jumping_jack"][:1]
    assert abs(event.end_s - told[0]["end"]) < 1.0, "on the same clock"
    assert server.sent == []


def test_each_of_two_people_has_a_skeleton_and_events(page_here):
    tab, server = page_here("here", film=TWO)
    tab.click("#start")
    says(tab, "#runs-note", "No picture leaves this computer")
    is_drawn(tab, "overlay")
    for person in ("Person 1", "Person 2"):
        tab.locator("#events .who", has_text=person).first.wait_for()
    assert server.sent == []
