"""The Video tab in a real headless Chromium: a file in, skeletons over it, events to jump to, files to save."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from urllib.parse import quote

import numpy as np
import pytest

from app.sources.video import VideoReader
from models.system.places import EXAMPLE, ROOT
from tests.app.helpers import HandModel, write_film, write_video
from tests.app.page_visit import DRAWN_PIXELS, is_drawn, says

pytestmark = pytest.mark.browser
pytest.importorskip("gradio")


@pytest.fixture(scope="module")
def waving(tmp_path_factory):
    """Four seconds of a drawn person who waves with straight arms overhead."""
    from training.drawing.draw import Look, PinholeCamera, draw_clip
    from training.drawing.motions import make_motion

    path = tmp_path_factory.mktemp("video") / "wave.mp4"
    return write_film(path, draw_clip(make_motion("wave", 4.0, 25.0, seed=0), PinholeCamera(), Look()))


def open_video(tab) -> None:
    tab.get_by_role("tab", name="Video").click()


def test_a_recording_from_upload_to_files(serve_page, visit, waving, tmp_path):
    asked = []
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        tab.on("request", lambda request: asked.append(request.url))
        open_video(tab)
        tab.set_input_files("#clip input[type=file]", waving)
        says(tab, "#result", "Watching the recording")
        says(tab, "#result .action", "waving")
        tab.screenshot(path=tmp_path / "video.png")
        is_drawn(tab, "clip-overlay")
        video, overlay = (tab.locator(f"#clip {name}").bounding_box() for name in ("video", "#clip-overlay"))
        assert abs(overlay["width"] / overlay["height"] - 4 / 3) < 0.02, "over the picture, not over the player's bars"
        assert overlay["x"] >= video["x"] - 1 and overlay["y"] >= video["y"] - 1
        event = tab.locator("#result .event-table .link").first
        start = float(tab.locator("#result tr[data-start]").first.get_attribute("data-start"))
        event.press("Enter")  # by the keyboard
        tab.wait_for_function(f"document.querySelector('#clip video').currentTime >= {start}")
        tab.locator("#result tr[aria-current]").wait_for()
        saved = {}
        for kind in ("csv", "jsonl"):
            with tab.expect_download() as download:
                tab.click(f"#result [data-save={kind}]")
            saved[kind] = download.value.path().read_text()
            assert download.value.suggested_filename == f"wave.{kind}"
        lines = [json.loads(line) for line in saved["jsonl"].splitlines()]
        assert lines[0]["label"] == "wave" and lines[0]["input"] == "wave.mp4"
        assert asked and not [url for url in asked if "ffmpeg" in url], "32 MB for a tool that is not shown"
        assert saved["csv"].splitlines()[1].startswith(f"{lines[0]['person']},wave,")
        assert {host.split(":")[0] for host in tab.hosts} <= {"127.0.0.1", ""}


@pytest.mark.slow
def test_the_skeleton_lies_on_the_person(serve_page, visit, waving):
    """The drawn points' middle is where the picture differs from the empty room."""
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        open_video(tab)
        tab.set_input_files("#clip input[type=file]", waving)
        says(tab, "#result .action", "waving")
        tab.evaluate("document.querySelector('#clip video').currentTime = 2")
        tab.wait_for_timeout(500)
        is_drawn(tab, "clip-overlay")
        middle = tab.evaluate("""() => {
            const c = document.getElementById("clip-overlay");
            const d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
            let n = 0, x = 0;
            for (let i = 3; i < d.length; i += 4) if (d[i]) { n += 1; x += ((i - 3) / 4) % c.width; }
            return x / n / c.width;
        }""")
        assert abs(middle - 0.5) < 0.08


@pytest.mark.slow
def test_the_example_plays_from_any_folder(serve_page, visit, example_video, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        open_video(tab)
        tab.click("#example")
        tab.wait_for_function("document.querySelector('#clip video')?.readyState > 1", timeout=30_000)
        says(tab, "#result", "Watching the recording")
        assert status(address, EXAMPLE) == 200
        assert status(address, ROOT / "app" / "types.py") == status(address, EXAMPLE.parent) == 403


def status(address: str, path) -> int:
    """What Gradio's route of files answers."""
    try:
        with urllib.request.urlopen(f"{address}gradio_api/file={quote(str(path))}", timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.slow
def test_a_fault_of_the_server_is_told(serve_page, visit, tmp_path, monkeypatch):
    """An example that is gone by the time it is asked for."""
    example = tmp_path / "gone.mp4"
    example.touch()
    monkeypatch.setattr("app.page.video_tab.EXAMPLE", example)
    with serve_page(HandModel()) as (_, address, _):
        example.unlink()
        tab = visit(address)
        open_video(tab)
        tab.click("#example")
        tab.locator("#result", has_text="This did not work").wait_for(timeout=30_000)


@pytest.mark.slow
def test_the_example_clip_can_be_taken_away(serve_page, visit, example_video):
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        open_video(tab)
        tab.click("#example")
        says(tab, "#result", "Watching the recording")
        tab.wait_for_function("document.querySelector('#clip video')?.readyState > 1")
        tab.locator("#clip button[aria-label='Clear']").click()
        says(tab, "#result", "Drop a video")
        tab.wait_for_timeout(2000)
        says(tab, "#result", "Drop a video")
        assert tab.evaluate(f"({DRAWN_PIXELS})('clip-overlay')") == 0


REMARK = "() => getComputedStyle(document.getElementById('clip'), '::after').content"


@pytest.mark.slow
def test_what_the_browser_cannot_play(serve_page, visit, tmp_path):
    """The remark that it was analysed all the same appears with the analysis, and not beside a refusal."""
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video" * 99)
    foreign = write_video(tmp_path / "foreign.avi", np.arange(10) / 30)
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        open_video(tab)
        tab.set_input_files("#clip input[type=file]", broken)
        says(tab, "#result", "not a readable video")
        tab.locator("#clip.unplayable").wait_for()
        assert "analysed" not in tab.evaluate(REMARK)
        tab.locator("#clip button[aria-label='Clear']").click()
        says(tab, "#result", "Drop a video")
        tab.set_input_files("#clip input[type=file]", foreign)
        says(tab, "#result", "Nobody was found")
        tab.locator("#clip.unplayable.analysed").wait_for()
        assert not tab.locator("#clip .error:visible").count(), "Gradio's own alarm"
        assert "analysed all the same" in tab.evaluate(REMARK)


@pytest.mark.slow
def test_skeletons_stand_in_for_what_the_browser_cannot_play(serve_page, visit, waving, tmp_path):
    foreign = tmp_path / "wave.avi"
    with VideoReader(waving) as video:
        write_film(foreign, (np.ascontiguousarray(rgb_HWC[:, :, ::-1]) for _, rgb_HWC in video))
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        open_video(tab)
        tab.set_input_files("#clip input[type=file]", foreign)
        says(tab, "#result .action", "waving")
        is_drawn(tab, "clip-overlay")
        box = tab.locator("#clip-overlay").bounding_box()
        assert abs(box["width"] / box["height"] - 4 / 3) < 0.02
        look = "document.getElementById('clip-overlay').toDataURL()"
        tab.wait_for_function(f"(window.first ??= {look}) !== {look}")
        tab.locator("#result .event-table .link").first.click()
        tab.locator("#result tr[aria-current]").wait_for()


@pytest.mark.slow
def test_a_portrait_video_fits(serve_page, visit, tmp_path):
    upright = write_video(tmp_path / "upright.mp4", np.arange(10) / 30, size=(360, 640))
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        open_video(tab)
        assert tab.locator("#example").bounding_box()["y"] < tab.locator("#clip").bounding_box()["y"]
        tab.set_input_files("#clip input[type=file]", upright)
        says(tab, "#result", "Nobody was found")
        assert tab.locator("#clip video").bounding_box()["height"] <= 0.7 * 800
        assert tab.locator("#try").is_hidden()


@pytest.mark.slow
def test_a_film_of_nobody(serve_page, visit, tmp_path):
    """It plays, so there is no remark beside the answer."""
    nobody = write_video(tmp_path / "nobody.mp4", np.arange(30) / 30)
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        open_video(tab)
        tab.set_input_files("#clip input[type=file]", nobody)
        says(tab, "#result", "Nobody was found")
        assert tab.locator("#clip.unplayable").count() == 0
