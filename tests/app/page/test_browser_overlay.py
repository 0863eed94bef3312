"""The overlay page in a real Chromium: transparent, with skeletons and the word, and back after the server was away."""

from __future__ import annotations

import io
import time

import numpy as np
import pytest

from app.broadcast.hub import Hub
from app.broadcast.source import Broadcast
from app.page.event_server import serve_events
from app.types import Answer, PersonState, Pose
from tests.app.broadcast.messages import event, state
from tests.app.page_visit import CHROMIUM, DRAWN_PIXELS, FLAGS

pytestmark = pytest.mark.browser
TOKEN = "a-token-of-the-test"
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with api.sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


def answer(time_s: float) -> Answer:
    """Two people beside each other."""
    rng, persons = np.random.default_rng(0), []
    for person, left in enumerate((0.1, 0.6)):
        image_V3 = np.zeros((33, 3), np.float32)
        image_V3[:, 0], image_V3[:, 1] = left + 0.3 * rng.random(33), 0.2 + 0.6 * rng.random(33)
        pose = Pose(time_s, np.zeros((33, 3), np.float32), image_V3, np.ones(33, np.float32))
        persons.append(PersonState(person, person == 0, pose, None, 0.0, None, None))
    return Answer(time_s, 2, None, None, 0.0, None, None, persons=tuple(persons))


def until(tab, script: str) -> None:
    """Wait until a function of the page says so; Playwright would run text, which the page itself does not allow."""
    end_s = time.monotonic() + PATIENCE_MS / 1000
    while not tab.evaluate(script):
        assert time.monotonic() < end_s, script
        tab.wait_for_timeout(20)


def opaque(tab) -> np.ndarray:
    """Where the page is not transparent, (H, W) bool."""
    from PIL import Image

    picture = Image.open(io.BytesIO(tab.screenshot(omit_background=True))).convert("RGBA")
    return np.asarray(picture)[..., 3] > 0


def shown(tab, camera: Broadcast) -> np.ndarray:
    """As `opaque`, with people: they go where no joints come for a while, so these are sent until they are seen."""
    for time_s in range(1, 60):
        camera.frame(answer(float(time_s)))
        tab.wait_for_timeout(50)
        found = opaque(tab)
        if found[:, ::2].sum() > 2000:
            return found
    raise AssertionError("nobody is drawn")


def test_skeletons_and_the_word_on_a_transparent_ground(browser):
    hub, errors = Hub("run"), []
    tab = browser.new_page(viewport={"width": 640, "height": 480})
    tab.set_default_timeout(PATIENCE_MS)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("console", lambda line: errors.append(line.text) if "Security Policy" in line.text else None)
    with serve_events(hub, TOKEN) as address:
        port = int(address.rstrip("/").rpartition(":")[2])
        camera = Broadcast("camera 0", [hub], {})
        tab.goto(f"{address}?overlay&token={TOKEN}")
        while not hub.wants_joints:
            tab.wait_for_timeout(20)
        assert not opaque(tab).any()
        found = shown(tab, camera)
        assert found.mean() < 0.5 and found[:, :280].any() and found[:, 360:].any()
        hub.send(event(1), state(event(1)))
        until(tab, "() => document.getElementById('word').textContent === 'clapping'")
        counted = event(1, "update").model_copy(update={"count": 3, "words": "<i>squat</i>"})
        hub.send(counted, state(counted))
        until(tab, "() => document.getElementById('word').textContent === '<i>squat</i> 3'")
        until(tab, f"() => ({DRAWN_PIXELS})('people') === 0")  # nobody where no joints come
    until(tab, "() => document.getElementById('word').textContent === ''")
    again = Hub("next")
    again.send(event(2), state(event(2)))
    with serve_events(again, TOKEN, port=port):
        until(tab, "() => document.getElementById('word').textContent === 'clapping'")
    assert not errors
    tab.close()


def test_what_the_address_asks_for(browser):
    hub = Hub("run")
    tab = browser.new_page(viewport={"width": 640, "height": 480})
    tab.set_default_timeout(PATIENCE_MS)
    with serve_events(hub, TOKEN) as address:
        camera = Broadcast("camera 0", [hub], {})
        tab.goto(f"{address}?overlay&token={TOKEN}&person=1&words=0&size=20")
        while not hub.wants_joints:
            tab.wait_for_timeout(20)
        hub.send(event(1, person=1), state())
        found = shown(tab, camera)
        assert not found[:, :280].any() and found[:, 360:].any()
        assert tab.inner_text("#word") == "" and "20vh" in tab.get_attribute("#word", "style")
    tab.close()
