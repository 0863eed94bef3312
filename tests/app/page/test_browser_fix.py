"""The correction of the last live event in a real Chromium without a server."""

from __future__ import annotations

import pytest

from models.system.places import ASSETS

pytestmark = pytest.mark.browser


def test_the_last_live_event_is_corrected(bare):
    tab, server = bare()
    html = (ASSETS / "page" / "fix.html").read_text(encoding="utf-8")
    tab.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", html)
    assert tab.locator("#fix").is_hidden()
    event = "document.dispatchEvent(new CustomEvent('ikem:event', { detail: { number: 7, label: 'jumping_jack' } }))"
    tab.evaluate(event)
    assert tab.inner_text("#fix-said-label") == "jumping jacks"
    tab.click("#fix-wrong")
    tab.wait_for_function("document.querySelector('#fix-answer').hidden")
    tab.evaluate(event)
    tab.fill("#fix-name", "Waving")
    tab.locator("#fix-name").press("Enter")
    tab.wait_for_function("document.querySelector('#fix-name').value === ''")
    asked = [it for path, it in server.asked if path == "teach" and it and it.get("do") == "fix"]
    assert [(it["event"], it["name"], it["insist"]) for it in asked] == [(7, "", False), (7, "wave", False)]
    assert tab.locator("#fix-insist").is_hidden()
    worse = {"did": "fix", "said": "Worse: 0 wrong events before, 1 after", "failed": True, "worse": True}
    tell = "(detail) => document.dispatchEvent(new CustomEvent('ikem:taught', { detail }))"
    tab.evaluate(tell, worse)
    assert "Worse" in tab.inner_text("#fix-answer")
    tab.click("#fix-insist")
    tab.wait_for_function("document.querySelector('#fix-insist').hidden")
    asked = [it for path, it in server.asked if path == "teach" and it and it.get("insist")]
    assert [(it["event"], it["name"]) for it in asked] == [(7, "wave")]
