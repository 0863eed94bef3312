"""The page before a server that does what a test wants, in a Chromium whose cameras a test may take away."""

from __future__ import annotations

import pytest

from tests.app.bare_page import bare_page
from tests.app.page_visit import CHROMIUM, FLAGS

PATIENCE_MS = 30_000
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


@pytest.fixture
def bare(two_cameras):
    """Opens the page before a server of its own, and fails on an error in its scripts."""
    opened, errors = [], []

    def open_page(script: str = "", width: int = 1280, height: int = 800, ready: bool = True):
        served = bare_page()
        server, address = served.__enter__()
        context = two_cameras.new_context(viewport={"width": width, "height": height})
        opened.append((context, served))
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.add_init_script(WATCHED + script)
        tab.goto(address)
        if ready:
            tab.wait_for_selector("#start:enabled")
        return tab, server

    yield open_page
    for context, served in opened:
        context.close()
        served.__exit__(None, None, None)
    assert not errors
