"""The site from a plain web server, in a real headless Chromium whose camera plays a recording of a real person.

Every request is written down: none goes to another host. Then the server ends, and the page goes on, also when it is
loaded again. On a busy machine IKEM_LIVE_SLOW=12 lets the camera and the page's clock go twelve times slower.
"""

from __future__ import annotations

import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.teach.taught_model import load_model
from models.system.places import DEFAULT_MODEL
from tests.app.page_visit import CHROMIUM, FLAGS, is_drawn, says

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("gradio")

SLOW = int(os.environ.get("IKEM_LIVE_SLOW", "4"))
PATIENCE_MS = 900_000
FILM, WORDS = "videos/jumping_jack_03.mp4", "Jumping jacks"
# No name leads anywhere: what asks another host fails, and is written down.
ALONE = ["--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
# The page's clock, by which pictures have their times, goes as slowly as the camera's film.
CLOCK = f"""
const now = performance.now.bind(performance);
performance.now = () => now() / {SLOW};
delete HTMLVideoElement.prototype.requestVideoFrameCallback;
"""


class _Server:
    """A plain web server for a folder, which writes down what it is asked for."""

    def __init__(self, folder: Path) -> None:
        asked = self.asked = []

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                asked.append(self.path)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.address = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
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


def test_the_site_works_alone_and_without_a_network(site, camera, tmp_path):
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    server, asked, said = _Server(site), [], []
    with api.sync_playwright() as play:
        flags = [*FLAGS, *ALONE, f"--use-file-for-fake-video-capture={camera}"]
        context = play.chromium.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=CHROMIUM, args=flags, headless=True,
            viewport={"width": 1280, "height": 900},
        )  # fmt: skip
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: asked.append(request.url))  # of workers too
        context.on("console", lambda message: said.append(message.text) if "olicy" in message.text else None)
        context.add_init_script(CLOCK)
        tab = context.new_page()
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(server.address)
        says(tab, "#kept", "works without a network")
        _names_the_action(tab)
        _picture(tab, "online.png")
        assert said == [], "no error in a script, and nothing that the policy refuses"

        server.end()
        tab.reload()
        _names_the_action(tab)
        tab.set_viewport_size({"width": 390, "height": 844})
        _picture(tab, "phone.png")
        _teaches(tab, tmp_path / "my.pack")
        foreign = [address for address in asked if not address.startswith((server.address, "blob:", "data:"))]
        assert foreign == [] and len(asked) > 60
        context.close()


def _names_the_action(tab) -> None:
    tab.click("#start")
    says(tab, "#action", WORDS)
    is_drawn(tab, "overlay", 100)
    assert tab.locator("#bars .bar").count() > 0 and "No picture leaves" in tab.locator("#runs-note").inner_text()


def _teaches(tab, path: Path) -> None:
    """An action is recorded and learnt, and its pack is one that the shell opens."""
    tab.click("#teach-tab-button")
    tab.fill("#teach-name", "star jump")
    tab.select_option("#teach-seconds", "8")
    tab.click("#teach-record")
    says(tab, "#taught h3", "star jump")
    _picture(tab, "taught.png")
    with tab.expect_download() as download:
        tab.click("#teach-save")
    download.value.save_as(path)
    model = load_model(DEFAULT_MODEL, path, device="cpu", threads=1)
    assert "star jump" in model.labels and "jumping_jack" in model.labels


def _picture(tab, name: str) -> None:
    if "IKEM_LIVE_SHOTS" in os.environ:
        tab.screenshot(path=Path(os.environ["IKEM_LIVE_SHOTS"]) / name)
