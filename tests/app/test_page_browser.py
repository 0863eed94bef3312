"""The page in a real headless Chromium whose camera plays a drawn clip."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.app.helpers import HandModel, write_video

pytestmark = pytest.mark.browser
playwright_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("gradio")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream"]
FLAGS += ["--use-fake-device-for-media-stream"]
PATIENCE_MS = 120_000  # a machine with two busy cores answers a few frames a second
DRAWN_PIXELS = """() => {
    const canvas = document.getElementById("overlay");
    if (!canvas) return 0;
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let drawn = 0;
    for (let i = 3; i < pixels.length; i += 4) drawn += pixels[i] > 0;
    return drawn;
}"""


@pytest.fixture(scope="module")
def camera_file(tmp_path_factory) -> Path:
    """Six seconds of drawn jumping jacks as a stream of JPEG pictures, which Chromium plays as a camera, in a loop."""
    import cv2

    from training.drawing.draw import Camera, Look, draw_clip
    from training.drawing.motions import make_motion

    path = tmp_path_factory.mktemp("camera") / "clip.mjpeg"
    with path.open("wb") as file:
        for bgr_HWC in draw_clip(make_motion("jumping_jack", 6.0, 30.0, seed=1), Camera(), Look()):
            file.write(cv2.imencode(".jpg", bgr_HWC, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes())
    return path


@pytest.fixture(scope="module")
def browser(camera_file):
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with playwright_api.sync_playwright() as play:
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera_file}"]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Opens a tab of its own visitor; closes all of them after the test and fails on an error in their scripts."""
    contexts, errors = [], []

    def open_tab(address: str, width: int = 1280, height: int = 860, script: str = "", **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.hosts = set()
        tab.on("request", lambda request: tab.hosts.add(request.url.split("/")[2] if "//" in request.url else ""))
        tab.on("pageerror", lambda error: errors.append(str(error)))
        if script:
            tab.add_init_script(script)
        tab.goto(address)
        tab.wait_for_selector("#start")
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def serve_page(pose_model_path, free_port):
    from app.page import serve

    return lambda model, **options: serve(model, pose_model_path, port=free_port, **options)


def says(tab, selector: str, text: str) -> None:
    tab.locator(selector, has_text=text).wait_for()


def files_under(folder: str) -> set[Path]:
    return {path for path in Path(folder).rglob("*") if path.is_file()}


def test_the_action_is_named(serve_page, visit, pretrained, tmp_path):
    from export.runtime import ActionModel

    model = ActionModel(pretrained, device="cpu", threads=1)
    with serve_page(model) as (_, address, _):
        tab = visit(address)
        tab.click("#start")
        says(tab, "#action", model.display["jumping_jack"])
        says(tab, "#bars .bar.first", model.display["jumping_jack"])
        says(tab, "#panel .badge", "CPUExecutionProvider")
        assert tab.locator("#modalities .bar").count() == 3
        tab.screenshot(path=tmp_path / "live.png", full_page=True)


def test_nothing_is_kept(serve_page, visit):
    with serve_page(HandModel()) as (_, address, sessions):
        folder = os.environ["GRADIO_TEMP_DIR"]
        before = files_under(folder)
        tab = visit(address)
        tab.click("#start")
        tab.wait_for_function(f"({DRAWN_PIXELS})() > 1000")
        for speed in ("fps", "trip", "server"):
            tab.wait_for_function(f"Number(document.getElementById('{speed}').textContent) > 0")
        tab.click("#stop")
        says(tab, "#action", "Ready")
        tab.click("#start")
        tab.wait_for_function(f"({DRAWN_PIXELS})() > 1000")
        assert files_under(folder) == before, "a picture was written to disk"
        assert {host.split(":")[0] for host in tab.hosts} <= {"127.0.0.1", ""}
        assert len(sessions) == 1
        tab.close()
        end = time.monotonic() + 20
        while len(sessions) and time.monotonic() < end:
            time.sleep(0.1)
        assert len(sessions) == 0, "closing the tab did not free the visitor's landmarker"


def test_one_place_two_visitors(serve_page, visit):
    with serve_page(HandModel(), visitors=1) as (_, address, sessions):
        first, second = visit(address), visit(address)
        first.click("#start")
        first.wait_for_function(f"({DRAWN_PIXELS})() > 1000")
        second.click("#start")
        says(second, "#trouble-title", "All places are taken")
        assert len(sessions) == 1


@pytest.mark.parametrize(
    ("error", "title"),
    [
        ("NotAllowedError", "The camera is blocked"),
        ("NotFoundError", "No camera was found"),
        ("NotReadableError", "The camera is busy"),
    ],
)
def test_no_camera(serve_page, visit, error, title):
    refuse = f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{error}'))"
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address, script=refuse)
        tab.click("#start")
        says(tab, "#trouble-title", title)
        assert tab.locator("#retry").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone(serve_page, visit, tmp_path, scheme):
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address, 360, 740, color_scheme=scheme)
        for name in ("Live", "Video", "About"):
            tab.get_by_role("tab", name=name).click()
            tab.wait_for_timeout(300)
            tab.screenshot(path=tmp_path / f"{name}.png", full_page=True)
            assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"


def test_the_example_clip(serve_page, visit, example_video):
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        tab.get_by_role("tab", name="Video").click()
        tab.click("#example")
        says(tab, "#result", "Watching the recording")
        tab.wait_for_function("document.querySelector('#clip video')?.readyState > 1")
        tab.close()  # which ends the analysis


def test_video_tab(serve_page, visit, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video" * 99)
    nobody = write_video(tmp_path / "nobody.mp4", [i / 30 for i in range(30)])
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        tab.get_by_role("tab", name="Video").click()
        tab.set_input_files("#clip input[type=file]", broken)
        says(tab, "#result", "not a readable video")
        says(tab, "#clip.unplayable", "")
        tab.locator("#clip button[aria-label='Clear']").click()
        says(tab, "#result", "Drop a video")
        tab.set_input_files("#clip input[type=file]", nobody)
        says(tab, "#result", "Nobody was found")
        tab.screenshot(path=tmp_path / "video.png")
