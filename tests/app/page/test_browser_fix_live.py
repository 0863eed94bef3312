"""The correction of the last live event in the real page: a drawn person at the camera of a real headless Chromium."""

from __future__ import annotations

import pytest

from tests.app.page_visit import PATIENCE_MS, drawn_camera, repeated_scene, says, with_camera

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("gradio")

SEND = "#teach-send"
ANSWERED = """() => {
    const line = document.getElementById("fix-answer");
    return !line.hidden && line.textContent !== "Learning ..." && line.textContent;
}"""


def answered(tab) -> str:
    """Wait for the answer to a correction, insist on it where it makes something worse, and return the answer."""
    said = tab.wait_for_function(ANSWERED, timeout=2 * PATIENCE_MS).json_value()
    if not tab.locator("#fix-insist").is_visible():
        return said
    assert said.startswith("Worse: ") and said.endswith("Nothing was learnt")
    tab.click("#fix-insist")
    return tab.wait_for_function(ANSWERED, timeout=2 * PATIENCE_MS).json_value()


@pytest.mark.parametrize(("name", "learnt", "taught"), [
    ("", "Learnt as what '", "(corrected)"), ("my jack", "Learnt as 'my jack'; ", "my jack"),
])  # fmt: skip
def test_it_is_learnt_before_the_teach_tab_is_opened(
    name, learnt, taught, serve_page, visit, browser, teachable, tmp_path
):
    from app.teach.lessons import open_lessons
    from export.runtime import ActionModel

    model = ActionModel(teachable, device="cpu", threads=1)
    scene = repeated_scene("jumping_jack", 0, times=2, seconds=2.4, pause_s=2.0)
    camera = with_camera(browser, drawn_camera(tmp_path / "camera.mjpeg", scene))
    with serve_page(model, lessons=open_lessons(model, teachable)) as (_, address, _):
        tab = visit(address, by=camera)
        tab.wait_for_selector(SEND, state="attached")
        assert tab.locator("#teach").count() == 0, "Gradio builds the Teach tab once it is opened, and it was not"
        tab.click("#start")
        tab.wait_for_selector("#fix:visible", timeout=2 * PATIENCE_MS)
        if name:
            tab.fill("#fix-name", name)
            tab.locator("#fix-name").press("Enter")
        else:
            tab.click("#fix-wrong")
        assert answered(tab).startswith(learnt)
        tab.click("#stop")
        tab.get_by_role("tab", name="Teach").click()
        says(tab, "#taught h3", taught)
        assert tab.locator("#taught .clip canvas").count() > 0
    camera.close()
