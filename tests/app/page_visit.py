"""What the tests in a real Chromium share, beside their fixtures in conftest.py."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream"]
FLAGS += ["--use-fake-device-for-media-stream"]
CAMERA_SIZE = (640, 480)  # pixels of a camera that shows a film
PATIENCE_MS = 120_000  # a machine with two busy cores answers a few frames a second
SLOW = 4  # the camera and the sessions' clock are as much slower: a busy machine answers a few frames a second
DRAWN_PIXELS = """(id) => {
    const canvas = document.getElementById(id);
    if (!canvas || !canvas.width) return 0;
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let drawn = 0;
    for (let i = 3; i < pixels.length; i += 4) drawn += pixels[i] > 0;
    return drawn;
}"""


def says(tab, selector: str, text: str) -> None:
    """Wait until an element holds a text."""
    tab.locator(selector, has_text=text).wait_for()


def is_drawn(tab, canvas: str, pixels: int = 1000) -> None:
    """Wait until a canvas has so many pixels drawn on it."""
    tab.wait_for_function(f"({DRAWN_PIXELS})('{canvas}') > {pixels}")


def files_under(folder: str | Path) -> set[Path]:
    """All files of a folder."""
    return {path for path in Path(folder).rglob("*") if path.is_file()}


def drawn_camera(path: Path, joints_TV3: np.ndarray, look: int = 0, slow: int = SLOW) -> Path:
    """A drawn person at 30 frames a second, so many times slower, as JPEG pictures for Chromium to play as a camera."""
    import cv2

    from training.drawing.draw import Look, PinholeCamera, draw_clip

    with path.open("wb") as file:
        for bgr_HWC in draw_clip(joints_TV3, PinholeCamera(), Look(look)):
            file.write(cv2.imencode(".jpg", bgr_HWC, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes() * slow)
    return path


def filmed_camera(path: Path, film: Path, slow: int = SLOW, still_s: float = 0.0) -> Path:
    """A film as JPEG pictures of CAMERA_SIZE for Chromium to play as a camera, all of it in the picture.

    Args:
        path: where to.
        film: the film.
        slow: how many times slower than life it is played.
        still_s: seconds of the film's time for which its last picture stays.
    """
    import cv2

    from app.benchmark.page import CAMERA_FPS
    from app.sources.video import VideoReader

    shown, jpeg = 0, b""
    with VideoReader(film) as reader, path.open("wb") as file:
        for time_s, rgb_HWC in reader:
            scale = min(CAMERA_SIZE[0] / rgb_HWC.shape[1], CAMERA_SIZE[1] / rgb_HWC.shape[0])
            small = cv2.resize(rgb_HWC[..., ::-1], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            below, beside = CAMERA_SIZE[1] - small.shape[0], CAMERA_SIZE[0] - small.shape[1]
            sides = below // 2, below - below // 2, beside // 2, beside - beside // 2
            picture_HWC = cv2.copyMakeBorder(small, *sides, cv2.BORDER_CONSTANT)
            jpeg = cv2.imencode(".jpg", picture_HWC, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
            while shown <= time_s * CAMERA_FPS:
                file.write(jpeg * slow)
                shown += 1
        for _ in range(round(still_s * CAMERA_FPS)):
            file.write(jpeg * slow)
    return path


def with_camera(browser, camera: Path):
    """Return another Chromium, whose camera plays this file."""
    flags = [*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
    return browser.browser_type.launch(executable_path=CHROMIUM, args=flags)


def repeated_scene(action: str, seed: int, times: int = 4, seconds: float = 1.6, pause_s: float = 1.4) -> np.ndarray:
    """(T, 25, 3) at 30 frames a second: a body that does an action some times and stands still between."""
    from training.drawing.motions import make_scene

    return make_scene([("idle", pause_s), *times * [(action, seconds), ("idle", pause_s)]], 30.0, seed)
