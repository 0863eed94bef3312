"""Headless Chromium with a film as its camera, and the page opened in it, for the benchmarks of the page.

It needs playwright (requirements-dev.txt) and Chromium.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

CAMERA_FPS = 30
PATIENCE_S = 120.0
VIEW: ViewportSize = {"width": 1280, "height": 800}
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--use-fake-ui-for-media-stream"]
_FLAGS += ["--use-fake-device-for-media-stream", "--no-first-run", "--disable-component-update", "--disable-sync"]
# Of each picture whose answer was drawn: [time, age, both in ms, pictures before it that were not sent].
_LISTEN = """() => {
    window.measured = [];
    const add = ({ detail: { now, age, passed } }) => window.measured.push([now, age, passed]);
    document.addEventListener("ikem:answered", add);
}"""


class BenchError(ValueError):
    """The reason why the benchmark cannot run, as one sentence for the user."""


def chromium() -> str:
    """Return the path of the browser's program.

    Raises:
        BenchError: there is none.
    """
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise BenchError("no Chromium was found; on Debian: apt-get install chromium, or name it in CHROMIUM")
    return found


def flags(camera: Path) -> list[str]:
    """Return the options of a Chromium whose camera plays a file of `camera_file` in a loop."""
    return [*_FLAGS, f"--use-file-for-fake-video-capture={camera}"]


def camera_file(video: Path, out: Path, fps: int = CAMERA_FPS) -> Path:
    """Write a video as a sequence of JPEG pictures at a steady rate, which Chromium plays in a loop as a camera."""
    import cv2

    from app.sources.video import VideoReader

    shown = 0
    with VideoReader(video) as reader, out.open("wb") as file:
        for time_s, rgb_HWC in reader:
            jpeg = cv2.imencode(".jpg", rgb_HWC[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()
            while shown <= time_s * fps:
                file.write(jpeg)
                shown += 1
    return out


def runs_on(choice: str) -> str:
    """Return the script of a visitor who once chose where the page runs, "here" (in the browser) or "server"."""
    return f"localStorage.setItem('ikem-runs-on', '{choice}')"


def opened(browser: Browser, address: str, script: str = "", asked: list[str] | None = None) -> Page:
    """Open the page as far as its start button, as a visitor who was never there.

    Args:
        browser: from playwright.
        address: of the page.
        script: what is run in the page before its own scripts.
        asked: is filled with the address of each request of the page, from now on.
    """
    tab = browser.new_page(viewport=VIEW)
    if asked is not None:
        tab.context.on("request", lambda request: asked.append(request.url))
    tab.set_default_timeout(PATIENCE_S * 1000)
    if script:
        tab.add_init_script(script)
    tab.goto(address)
    tab.wait_for_selector("#start:enabled")
    tab.evaluate(_LISTEN)
    return tab
