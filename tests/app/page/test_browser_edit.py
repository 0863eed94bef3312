"""The editor of events in a real headless Chromium: corrected, saved, opened again, taught, and right the next time."""

from __future__ import annotations

import json

import pytest

from tests.app.helpers import write_film
from tests.app.page_visit import PATIENCE_MS, repeated_scene, says

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("gradio")

NAME = "greeting, <b>you</b>"
SECONDS, PAUSE_S = 2.0, 1.4
TRUTH = [(PAUSE_S + k * (SECONDS + PAUSE_S), (k + 1) * (SECONDS + PAUSE_S)) for k in range(2)]


@pytest.fixture(scope="module")
def greeting(tmp_path_factory):
    """A drawn person who waves twice, standing still before, between and after."""
    from training.drawing.draw import Look, PinholeCamera, draw_clip

    scene = repeated_scene("wave", 0, times=2, seconds=SECONDS, pause_s=PAUSE_S)[::2]
    return write_film(tmp_path_factory.mktemp("video") / "hello.mp4", draw_clip(scene, PinholeCamera(), Look()), fps=15)


@pytest.fixture
def truth(tmp_path):
    """A file of the corrected events, as somebody else wrote it."""
    lines = [
        {"input": "hello.mp4", "person": 0, "label": label, "start": start, "end": end, "corrected": True}
        for label, (start, end) in zip(("greeting", "hello, <b>you</b>"), TRUTH)
    ]
    path = tmp_path / "truth.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def watched(tab, film) -> None:
    tab.get_by_role("tab", name="Video").click()
    tab.set_input_files("#clip input[type=file]", film)
    tab.wait_for_selector("#edit-card:not([hidden])", timeout=4 * PATIENCE_MS)


def shows(tab, *names: str) -> None:
    """Wait until these events are on the timeline."""
    texts = "[...document.querySelectorAll('.edit-event')].map((event) => event.textContent)"
    tab.wait_for_function(f"(names) => JSON.stringify({texts}) === names", arg=json.dumps(names, separators=(",", ":")))


def test_corrected_saved_opened_and_taught(serve_page, visit, teachable, greeting, truth, tmp_path):
    from app.teach.lessons import open_lessons
    from export.runtime import ActionModel

    model = ActionModel(teachable, device="cpu", threads=1)
    with serve_page(model, lessons=open_lessons(model, teachable)) as (_, address, _):
        tab = visit(address)
        watched(tab, greeting)
        tab.set_input_files("#edit-file", truth)
        shows(tab, "greeting", "hello, <b>you</b>")
        tab.locator(".edit-event").nth(1).click()
        tab.fill("#edit-label", "greetings")
        tab.locator("#edit-label").press("s")  # keys are letters in a text field
        tab.fill("#edit-label", NAME)
        tab.locator("#edit-label").press("Enter")
        tab.locator(".edit-event").nth(0).click()
        tab.fill("#edit-label", NAME)
        tab.locator("#edit-label").press("Enter")
        shows(tab, NAME, NAME)
        with tab.expect_download() as download:
            tab.click("[data-edit-save='.corrected.jsonl']")
        saved = tmp_path / download.value.suggested_filename
        download.value.save_as(saved)
        lines = [json.loads(line) for line in saved.read_text(encoding="utf-8").splitlines()]
        assert saved.name == "hello.corrected.jsonl" and all(line["corrected"] is True for line in lines)
        assert [(line["label"], line["start"]) for line in lines] == [(NAME, start) for start, _ in TRUTH]
        assert any(line["count"] for line in lines), "a label that the model does not know is counted too"
        for place, count in enumerate(line["count"] for line in lines):
            said = f"{NAME} \u00d7 {count}, " if count else f"{NAME}, "
            block = f"document.querySelectorAll('.edit-event')[{place}]"
            tab.wait_for_function(f"(said) => {block}.title.includes(said)", arg=said)  # the number that is saved
        tab.keyboard.press("Delete")
        shows(tab, NAME)
        tab.set_input_files("#edit-file", saved)
        shows(tab, NAME, NAME)
        tab.click("#edit-teach")
        says(tab, "#edit-said", "before")
        says(tab, "#edit-now", f"Called now: Person 1: {NAME}")
        tab.screenshot(path=tmp_path / "taught.png", full_page=True)
        tab.locator("#clip button[aria-label='Clear']").click()
        tab.locator("#edit-card").wait_for(state="hidden")
        watched(tab, greeting)
        says(tab, "#result .event-table", NAME)
        tab.get_by_role("tab", name="Teach").click()
        says(tab, "#taught", NAME)
