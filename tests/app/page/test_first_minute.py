"""The first minute in a real headless Chromium: what is there before the camera starts, and the tabs' addresses."""

from __future__ import annotations

import re

import pytest

from models.system.places import ASSETS
from tests.app.helpers import HandModel
from tests.app.page_visit import is_drawn, says

pytestmark = pytest.mark.browser
pytest.importorskip("gradio")

CARDS = ("now", "scores", "sees", "timeline", "status", "controls")


def test_nothing_jumps_when_the_page_is_there():
    """The loading state is as high as the start card that takes its place."""
    css = [(ASSETS / "page" / name).read_text(encoding="utf-8") for name in ("loading.html", "live.css")]
    loading, start = (set(re.findall(r"min-height: (clamp\(.*?\))", text)) for text in css)
    assert loading == start


@pytest.mark.slow
def test_the_stage_stands_alone_until_the_camera_runs(serve_page, visit):
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        assert tab.locator("#ikem-loading").count() == 0, "the loading state goes when the page is there"
        for card in CARDS:
            assert tab.locator(f"#{card}").is_hidden(), f"{card} is empty"
        tab.wait_for_function("/waving|squatting/.test(document.getElementById('preview-word').textContent)")
        look = "document.querySelector('.preview canvas').toDataURL()"
        tab.wait_for_function(f"(window.first ??= {look}) !== {look}")
        tab.click("#start")
        is_drawn(tab, "overlay")
        for card in CARDS:
            assert tab.locator(f"#{card}").is_visible()
        assert tab.locator("#fps").is_hidden(), "machine talk is behind a word"
        tab.click("#status summary")
        assert tab.locator("#fps").is_visible()
        tab.click("#stop")
        says(tab, "#action", "Ready")
        size = "parseFloat(getComputedStyle(document.getElementById('action')).fontSize)"
        assert tab.evaluate(size) <= 30, "what is no action is said quietly"


@pytest.mark.slow
def test_nothing_of_the_start_card_is_cut(serve_page, visit):
    inside = """() => {
        const { left, right, top, bottom } = document.getElementById("stage").getBoundingClientRect();
        return [...document.querySelectorAll("#start-card *")]
            .filter((it) => it.checkVisibility()).map((it) => it.getBoundingClientRect())
            .every((it) => it.left >= left && it.right <= right && it.top >= top && it.bottom <= bottom);
    }"""
    with serve_page(HandModel()) as (_, address, _):
        for width, height in ((320, 640), (390, 844), (768, 1024), (844, 390), (1280, 800), (1920, 1080)):
            tab = visit(address, width, height)
            for name in ("Live", "Teach"):
                tab.get_by_role("tab", name=name).click()
                tab.wait_for_function(inside)  # the stage follows the tab at the next layout
                assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{width}, {name}"


def selected(tab, name: str) -> None:
    tab.locator("[role=tab][aria-selected=true]", has_text=name).wait_for()


@pytest.mark.slow
def test_tabs_have_addresses(serve_page, visit):
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        tab.goto(f"{address}?__theme=dark#/video")
        selected(tab, "Video")
        tab.get_by_role("tab", name="About").click()
        assert tab.url.endswith("?__theme=dark#/about")
        tab.locator("#about a", has_text="what you teach it").click()
        selected(tab, "Teach")
        assert tab.url.endswith("?__theme=dark#/teach")
        tab.go_back()
        selected(tab, "About")
        tab.go_back()
        selected(tab, "Video")
        tab.go_forward()
        selected(tab, "About")
        tab.goto(f"{address}#/nothing")  # without the query, so a page of its own
        tab.wait_for_selector("#start:enabled")
        selected(tab, "Live")
