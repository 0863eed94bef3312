"""The editor of events under a finger, in a real Chromium without a server."""

from __future__ import annotations

import pytest

from models.system.places import ASSETS
from tests.app.bare_page import bare_page
from tests.app.page.test_browser_edit_alone import BEGIN, EMPTY, EVENTS
from tests.app.page_visit import PATIENCE_MS, says

pytestmark = pytest.mark.browser

FINGER_PX = 44
SMALL = f"""() => ["button:not(.edit-event)", "input", "select"]
    .flatMap((kind) => [...document.querySelectorAll(`#edit-card ${{kind}}`)])
    .filter((it) => it.offsetParent && Math.min(it.offsetWidth, it.offsetHeight) < {FINGER_PX})
    .map((it) => it.id || it.textContent)"""


@pytest.fixture
def phone(two_cameras):
    """The editor of a recording of ten seconds, on a phone."""
    context = two_cameras.new_context(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
    with bare_page() as (_, address):
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.goto(address)
        found = {"name": "a.mp4", "size": [4, 3], "seconds": 10, "csv": "", "jsonl": ""}
        found |= {"events": EVENTS, "track": EMPTY, "repetitions": {}}
        tab.evaluate(BEGIN, [(ASSETS / "page" / "edit.html").read_text(encoding="utf-8"), found])
        tab.wait_for_selector(".edit-event")
        yield tab
        context.close()


def test_a_finger_drags_an_edge_and_the_page_stays(phone):
    assert phone.evaluate(SMALL) == []
    phone.locator(".edit-event").first.tap()
    says(phone, "#edit-times", "0:01.00 to 0:03.00")
    box, before = phone.locator(".edit-handle.end").bounding_box(), phone.evaluate("scrollY")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = phone.context.new_cdp_session(phone)
    for kind, points in (
        ("touchStart", [(x, y)]), *(("touchMove", [(x + 6 * k, y - 8 * k)]) for k in range(1, 9)), ("touchEnd", []),
    ):  # fmt: skip
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": a, "y": b} for a, b in points]})
    phone.wait_for_function("document.getElementById('edit-times').textContent > '0:01.00 to 0:04'")
    assert phone.evaluate("scrollY") == before
    phone.locator("#edit-undo").click()  # a tap right after the finger left is still part of its gesture
    says(phone, "#edit-times", "0:01.00 to 0:03.00")
