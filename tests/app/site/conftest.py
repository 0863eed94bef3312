"""The site in a real headless Chromium, whose camera plays a recording of a real person."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.app.page_visit import CHROMIUM, FLAGS
from tests.app.site.visit import ALONE, CLOCK, FILM, PATIENCE_MS, SLOW, Server


@pytest.fixture(scope="session")
def site(tmp_path_factory, pretrained) -> Path:
    """The site of the shipped model, or the one in the folder IKEM_LIVE_SITE."""
    if "IKEM_LIVE_SITE" in os.environ:
        return Path(os.environ["IKEM_LIVE_SITE"])
    from app.site.build import site_files, write_site
    from app.site.gather import gathered
    from app.site.parts import PartsError, has_parts

    try:
        if not has_parts():
            raise PartsError("npm's parts were not fetched (make web)")
        model, recognition = gathered(pretrained, "wheel")
    except PartsError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("web") / "site"
    write_site(site_files(model, recognition), folder)
    return folder


@pytest.fixture(scope="session")
def camera(tmp_path_factory, shared_data) -> Path:
    """The film as JPEG pictures at 30 frames a second, each as often as the page's clock is slower."""
    cv2 = pytest.importorskip("cv2")
    if not (shared_data / FILM).is_file():
        pytest.skip(f"there is no {FILM}")
    film, path = cv2.VideoCapture(str(shared_data / FILM)), tmp_path_factory.mktemp("film") / "camera.mjpeg"
    with path.open("wb") as file:
        while (read := film.read())[0]:
            small = cv2.resize(read[1], (640, 480))
            file.write(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes() * SLOW)
    return path


@pytest.fixture
def open_site(site, camera, tmp_path):
    """Opens the site from a server of its own: the tab, the server, what was asked for, and errors.

    Modules of assets/web, by their names, may be changed.
    """
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    server, opened = Server(site), []

    def opens(**changed: bytes):
        server.changed.update({f"web/{name}.js": script for name, script in changed.items()})
        asked, said = [], []
        flags = [*FLAGS, *ALONE, f"--use-file-for-fake-video-capture={camera}"]
        context = play.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=CHROMIUM, args=flags, headless=True,
            viewport={"width": 1280, "height": 900},
        )  # fmt: skip
        opened.append(context)
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: asked.append(request.url))  # of workers too
        context.on("console", lambda message: said.append(message.text) if "olicy" in message.text else None)
        context.add_init_script(CLOCK)
        tab = context.new_page()
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(server.address)
        return tab, server, asked, said

    with api.sync_playwright() as play:
        yield opens
        for context in opened:
            context.close()
    server.end()
