"""How the page looks and is reached: phones, the dark, keyboards, screen readers, without a request elsewhere."""

from __future__ import annotations

import pytest

from app.teach.lessons import Lessons
from tests.app.helpers import HandModel
from tests.app.page_visit import is_drawn, says

pytestmark = pytest.mark.browser
pytest.importorskip("gradio")

TABS = ("Live", "Teach", "Video", "About")
# Colours of a text and of what lies behind it, and from them the contrast as WCAG defines it.
CONTRAST = """(element) => {
    const rgb = (colour) => {
        const pen = new OffscreenCanvas(1, 1).getContext("2d");
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        return [...pen.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    let behind = element;
    while (behind && rgb(getComputedStyle(behind).backgroundColor)[3] < 255) behind = behind.parentElement;
    const pair = [getComputedStyle(element).color, behind ? getComputedStyle(behind).backgroundColor : "#fff"];
    const [a, b] = pair.map((colour) => light(rgb(colour))).sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
}"""
TEXTS = ".caption, .quiet, .sure, .stats span, .stats b, .badge, .bar-name, .bar-score, .small-button:enabled, th, td, "
TEXTS += ".card h2, .card p, .curtain p, .curtain h2, .main-button, dt, dd, .class-card b, .class-card span, .top p, "
TEXTS += ".field, .switch, summary, .example p, .preview b"


def open_lessons() -> Lessons:
    """With all of the Teach tab, though nobody teaches here."""
    return Lessons(HandModel(), teacher=object())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.slow
def test_phone(serve_page, visit, tmp_path, scheme):
    with serve_page(HandModel(), lessons=open_lessons()) as (_, address, _):
        tab = visit(address, 390, 844, color_scheme=scheme)
        for name in TABS:
            tab.get_by_role("tab", name=name).click()
            tab.wait_for_timeout(300)
            tab.screenshot(path=tmp_path / f"{name}.png", full_page=True)
            assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"


@pytest.mark.parametrize("query", ["", "?__theme=dark"])
@pytest.mark.slow
def test_texts_can_be_read(serve_page, visit, query):
    with serve_page(HandModel(), lessons=open_lessons()) as (_, address, _):
        tab = visit(address + query)
        for name in TABS:
            tab.get_by_role("tab", name=name).click()
            for text in tab.locator(TEXTS).all():
                if text.is_visible() and text.text_content().strip():
                    contrast = text.evaluate(CONTRAST)
                    assert contrast >= 4.5, f"{name}: {text.text_content()[:40]!r} has a contrast of {contrast:.1f}"


@pytest.mark.slow
def test_dark_by_query_and_by_system(serve_page, visit):
    background = "getComputedStyle(document.querySelector('#now .card')).backgroundColor"
    with serve_page(HandModel()) as (_, address, _):
        light = visit(address).evaluate(background)
        by_query = visit(address + "?__theme=dark").evaluate(background)
        by_system = visit(address, color_scheme="dark").evaluate(background)
        assert by_query == by_system != light


def opens_a_file_chooser(tab, key: str) -> bool:
    """Whether a key does so within seconds; the tab has only just appeared, and may not listen yet."""
    from playwright.sync_api import TimeoutError as TooLate

    try:
        with tab.expect_file_chooser(timeout=5_000):
            tab.keyboard.press(key)
    except TooLate:
        return False
    return True


def test_keyboard_alone(serve_page, visit):
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        for _ in range(12):
            tab.keyboard.press("Tab")
            if tab.evaluate("document.activeElement.id") == "start":
                break
        assert tab.evaluate("document.activeElement.id") == "start"
        assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        tab.keyboard.press("Enter")
        is_drawn(tab, "overlay")
        assert tab.evaluate("document.activeElement.id") == "stop"
        tab.keyboard.press("Enter")
        says(tab, "#action", "Ready")
        assert tab.evaluate("document.activeElement.id") == "start"
        tab.locator("#figure").focus()
        tab.keyboard.press("ArrowRight")
        tab.get_by_role("tab", name="Live").focus()
        for name in ("Teach", "Video"):
            tab.keyboard.press("ArrowRight")
            tab.locator("[role=tab][aria-selected=true]", has_text=name).wait_for()
        reached = []
        for _ in range(6):
            tab.keyboard.press("Tab")
            reached.append(tab.evaluate("document.activeElement.ariaLabel || document.activeElement.id"))
            if reached[-1].startswith("Drop a video file"):
                assert any(opens_a_file_chooser(tab, "Enter") for _ in range(10))
        assert any(name.startswith("Drop a video file") for name in reached) and "example" in reached


def test_names_and_roles(serve_page, visit):
    with serve_page(HandModel(), lessons=open_lessons()) as (_, address, _):
        tab = visit(address)
        assert tab.get_by_role("heading", level=1).inner_text() == "IKEM Live"
        assert tab.locator("#spoken").get_attribute("aria-live") == "polite"
        assert tab.locator("#action").get_attribute("aria-live") is None, "it changes too often to be read out"
        nameless = """() => [...document.querySelectorAll("button, input, select, [role=img], [role=region]")]
            .filter((e) => e.checkVisibility() && !(e.textContent.trim() || e.ariaLabel || e.title
                || e.getAttribute("aria-labelledby") || e.labels?.length)).map((e) => e.outerHTML.slice(0, 120))"""
        for name in TABS:
            tab.get_by_role("tab", name=name).click()
            assert tab.evaluate(nameless) == []


@pytest.mark.slow
def test_about_moves_and_can_be_paused(serve_page, visit):
    with serve_page(HandModel(labels=("wave", "squat", "idle", "other"))) as (_, address, _):
        tab = visit(address)
        tab.get_by_role("tab", name="About").click()
        canvas = tab.locator("#about canvas.motion").first
        canvas.wait_for()
        assert tab.locator("#about canvas.motion").count() == 3 and tab.locator(".no-motion").count() == 1
        look = "document.querySelector('#about canvas.motion').toDataURL()"
        tab.wait_for_function(f"(window.first ??= {look}) !== {look}")
        tab.get_by_role("button", name="Pause").click()
        tab.get_by_role("button", name="Play").wait_for()
        tab.wait_for_timeout(300)
        still = tab.evaluate(look)
        tab.wait_for_timeout(500)
        assert tab.evaluate(look) == still
        assert {host.split(":")[0] for host in tab.hosts} <= {"127.0.0.1", ""}
