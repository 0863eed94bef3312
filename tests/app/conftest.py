"""Visiting the page in a real headless Chromium whose camera plays a drawn clip."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.app.page_visit import CHROMIUM, FLAGS, PATIENCE_MS, SLOW


@pytest.fixture(scope="module")
def camera_file(tmp_path_factory) -> Path:
    """Six seconds of drawn jumping jacks as a stream of JPEG pictures, which Chromium plays as a camera, in a loop.

    It is SLOW times slower than life, as is the clock of `serve_page`.
    """
    import cv2

    from training.drawing.draw import Camera, Look, draw_clip
    from training.drawing.motions import make_motion

    path = tmp_path_factory.mktemp("camera") / "clip.mjpeg"
    with path.open("wb") as file:
        for bgr_HWC in draw_clip(make_motion("jumping_jack", 6.0, 30.0, seed=1), Camera(), Look()):
            file.write(cv2.imencode(".jpg", bgr_HWC, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes() * SLOW)
    return path


@pytest.fixture(scope="module")
def browser(camera_file):
    """Chromium with that camera."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with api.sync_playwright() as play:
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera_file}"]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Opens a tab of its own visitor; closes all of them after the test and fails on an error in their scripts.

    `tab.hosts` holds the hosts that the tab asked for anything.
    """
    contexts, errors = [], []

    def open_tab(address: str, width: int = 1280, height: int = 800, script: str = "", **options):
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
        tab.wait_for_selector("#start:enabled")
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def serve_page(pose_model_path, free_port):
    """Serves the page of a model on a free port, in a `with`."""
    from app.page import Place, serve

    def start(model, visitors: int | None = None, recordings=None, **place):
        clock = lambda: time.monotonic() / SLOW  # noqa: E731
        return serve(model, pose_model_path, Place(port=free_port, **place), visitors, recordings, clock)

    return start
