"""The page before a server that does what a test wants, in a Chromium whose cameras a test may take away.

For a page whose own browser recognises, the camera plays a real person's video. Camera and clock go SLOW times slower,
for a busy machine looks at a few pictures a second.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager

import pytest

from models.system.places import ASSETS
from tests.app.bare_page import bare_page
from tests.app.browser_files import browser_files
from tests.app.page_visit import CHROMIUM, FLAGS, SLOW, filmed_camera

PATIENCE_MS, HERE_PATIENCE_MS = 30_000, 600_000
FILM = "jumping_jack_03.mp4"
CHOSEN = "localStorage.setItem('ikem-runs-on', '{}')"
# The browser's cameras, watched and, where a test wants, refused: `hold` is a promise that it waits for.
WATCHED = """
window.asked = 0;
window.streams = [];
const media = navigator.mediaDevices, ask = media.getUserMedia.bind(media);
media.getUserMedia = async (wanted) => {
    window.asked += 1;
    await window.hold;
    const refused = window.refuse?.(wanted);
    if (refused) throw new DOMException("no", refused);
    const stream = await ask(wanted);
    window.streams.push(stream);
    return stream;
};
window.live = () => window.streams.flatMap((it) => it.getTracks()).filter((it) => it.readyState === "live").length;
window.track = () => document.querySelector("#cam video").srcObject?.getVideoTracks()[0];
"""


@pytest.fixture(scope="module")
def two_cameras():
    """Chromium with two cameras, whose pictures it makes itself."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with api.sync_playwright() as play:
        flags = [flag for flag in FLAGS if "fake-device" not in flag]
        flags.append("--use-fake-device-for-media-stream=device-count=2")
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@contextmanager
def _tabs():
    """Yields what opens a tab for a page and starts its server; all are closed at the end, and no script has failed."""
    errors = []
    with ExitStack() as opened:

        def open_tab(browser, patience_ms: int, width: int = 1280, height: int = 800):
            server, address = opened.enter_context(bare_page())
            context = browser.new_context(viewport={"width": width, "height": height})
            opened.callback(context.close)
            tab = context.new_page()
            tab.set_default_timeout(patience_ms)
            tab.on("pageerror", lambda error: errors.append(str(error)))
            return tab, server, address

        yield open_tab
    assert not errors


@pytest.fixture
def bare(two_cameras):
    """Opens the page before a server of its own, and fails on an error in its scripts."""
    with _tabs() as open_tab:

        def open_page(script: str = "", width: int = 1280, height: int = 800, ready: bool = True):
            tab, server, address = open_tab(two_cameras, PATIENCE_MS, width, height)
            tab.add_init_script(WATCHED + script)
            tab.goto(address)
            if ready:
                tab.wait_for_selector("#start:enabled")
            return tab, server

        yield open_page


@pytest.fixture(scope="module")
def here_files(pretrained, pose_model_path):
    """The recogniser for browsers by the names of the page's settings."""
    return browser_files(pretrained, pose_model_path)


@pytest.fixture(scope="module")
def browser_of(shared_data, tmp_path_factory):
    """Returns a Chromium whose camera plays a video of ../shared, again and again."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    pytest.importorskip("cv2")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    opened: dict = {}

    def played(name: str):
        video = shared_data / "videos" / name
        if not video.is_file():
            pytest.skip(f"there is no {name} in ../shared/data/videos")
        if name not in opened:
            path = filmed_camera(tmp_path_factory.mktemp("camera") / "clip.mjpeg", video)
            flags = [*FLAGS, f"--use-file-for-fake-video-capture={path}"]
            opened[name] = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        return opened[name]

    with api.sync_playwright() as play:
        yield played
        for browser in opened.values():
            browser.close()


@pytest.fixture
def page_here(browser_of, here_files):
    """Opens the page before a server that has the recogniser, with what a visitor chose before."""
    slower = (ASSETS / "page" / "here.js").read_text(encoding="utf-8").replace("taken / 1000", f"taken / {SLOW}000")
    with _tabs() as open_tab:

        def open_page(choice: str = "", film: str = FILM, **changed):
            tab, server, address = open_tab(browser_of(film), HERE_PATIENCE_MS)
            server.files = here_files | changed
            tab.hosts = set()
            tab.context.on("request", lambda request: tab.hosts.add(request.url.split("/")[2]))
            tab.route("**/page/here.js", lambda asked: asked.fulfill(body=slower, content_type="text/javascript"))
            if choice:
                tab.add_init_script(CHOSEN.format(choice))
            tab.goto(address)
            tab.wait_for_selector("#start:enabled")
            return tab, server

        yield open_page
