"""The Teach tab in a real headless Chromium: a drawn person teaches an action, another one is recognised."""

from __future__ import annotations

import os

import pytest

from tests.app.helpers import HandModel
from tests.app.page_visit import (
    PATIENCE_MS,
    drawn_camera,
    files_under,
    is_drawn,
    repeated_scene,
    says,
    with_camera,
)

pytestmark = pytest.mark.browser
pytest.importorskip("gradio")

ACTION, NAME = "lunge", "my <lunge>, low"


@pytest.fixture(scope="module")
def teaching(teachable):
    """The model, and lessons in it."""
    from app.teach.lessons import open_lessons
    from export.runtime import ActionModel

    model = ActionModel(teachable, device="cpu", threads=1)
    return model, lambda: open_lessons(model, teachable)


def open_teach(tab):
    """The Teach tab, once it knows what was taught."""
    tab.get_by_role("tab", name="Teach").click()
    tab.wait_for_selector("#taught > *")
    return tab


@pytest.mark.slow
def test_taught_by_one_person_and_recognised_in_another(serve_page, visit, browser, teaching, tmp_path, capsys):
    from app.__main__ import main

    model, lessons = teaching
    with serve_page(model, lessons=lessons()) as (_, address, sessions):
        folder = os.environ["GRADIO_TEMP_DIR"]
        before = files_under(folder)
        one = with_camera(browser, drawn_camera(tmp_path / "teach.mjpeg", repeated_scene(ACTION, 1)))
        tab = open_teach(visit(address, by=one))
        tab.fill("#teach-name", NAME)
        tab.select_option("#teach-seconds", "8")
        tab.click("#teach-record")  # starts the camera too
        tab.wait_for_selector("#count:visible")
        tab.wait_for_selector("#teach-bar:visible")
        says(tab, "#teach-said", "is live now")
        examples = tab.locator(".clip canvas")
        count = examples.count()
        assert count >= 2 and tab.locator(".taught-head h3").inner_text() == NAME
        drawn = (
            "(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((v) => v).length > 200"
        )
        tab.wait_for_function(f"[...document.querySelectorAll('.clip canvas')].every({drawn})")
        says(tab, "#action", "My <lunge>, low")
        tab.get_by_role("tab", name="Live").click()
        says(tab, "#bars", NAME)
        open_teach(tab).get_by_label("Delete: example").last.click()
        says(tab, ".taught-head span", f"{count - 1} example")
        assert examples.count() == count - 1
        with tab.expect_download() as saved:
            tab.click("#teach-save")
        pack = tmp_path / saved.value.suggested_filename
        saved.value.save_as(pack)
        assert main(["teach", "--list", "--pack", str(pack)]) == 0
        assert capsys.readouterr().out.startswith(f"{NAME}: {count - 1} example")
        tab.on("dialog", lambda dialog: dialog.accept())
        tab.get_by_role("button", name="Forget").click()
        says(tab, "#taught", "None yet")
        assert files_under(folder) == before, "something of the visitor was written to disk"
        one.close()

        other = with_camera(browser, drawn_camera(tmp_path / "other.mjpeg", repeated_scene(ACTION, 12), look=3))
        tab = other.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.goto(address)
        tab.wait_for_selector("#start:enabled")
        open_teach(tab).set_input_files("#teach-file", pack)
        says(tab, "#teach-said", "1 action loaded: live now")
        tab.click("#start")
        says(tab, "#action", "My <lunge>, low")
        other.close()
        assert files_under(folder) == before


@pytest.mark.slow
def test_names_packs_and_the_camera_that_is_not_there(serve_page, visit, teaching, tmp_path):
    refuse = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotFoundError'))"
    model, lessons = teaching
    with serve_page(model, lessons=lessons()) as (_, address, _):
        tab = open_teach(visit(address, script=refuse))
        tab.click("#teach-record")
        says(tab, "#teach-said", "Give the action a name first")
        assert tab.evaluate("document.activeElement.id") == "teach-name"
        tab.keyboard.type(model.display["wave"])
        tab.keyboard.press("Enter")
        says(tab, "#teach-said", "The model already knows")
        tab.locator("#teach-only").press("Space")
        tab.click("#teach-record")
        says(tab, "#trouble-title", "No camera was found")
        says(tab, "#teach-said", "Nothing was recorded: there is no camera")
        says(tab, "#teach-record", "Record")
        (tmp_path / "no.pack").write_bytes(b"none")
        tab.set_input_files("#teach-file", tmp_path / "no.pack")
        says(tab, "#teach-said", "not a pack, or a damaged one")
        assert tab.locator("#teach-save").is_disabled()


@pytest.mark.slow
def test_without_a_background_the_tab_says_so_and_the_rest_works(serve_page, visit):
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        tab.get_by_role("tab", name="Teach").click()
        says(tab, "#untaught", "background.safetensors is missing")
        tab.click("#start")
        is_drawn(tab, "overlay")
