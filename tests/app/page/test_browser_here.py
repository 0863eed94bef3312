"""The Live tab where the visitor's own browser recognises, in a real headless Chromium with a real person's video.

The camera and the clock of what the browser sees go SLOW times slower, for a busy machine looks at a few pictures a
second.
"""

from __future__ import annotations

import json

import pytest

from models.system.places import ASSETS
from tests.app.bare_page import bare_page
from tests.app.page_visit import CHROMIUM, FLAGS, SLOW, is_drawn, says

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("gradio")

PATIENCE_MS = 600_000
VIDEO = "jumping_jack_03.mp4"
ACTION = "jumping jacks"
KEPT = "localStorage.setItem('ikem-runs-on', '{}')"


@pytest.fixture(scope="module")
def files(pretrained, pose_model_path):
    """The recogniser for browsers by the names of the page's settings."""
    from app.site.parts import PARTS, has_parts, parts_folder
    from app.site.recogniser import recogniser_files
    from app.site.served import NAMES
    from app.site.teaching import teaching_bytes
    from export.runtime import ActionModel

    if not has_parts():
        pytest.skip("the browser's parts are not there (make web)")
    model = ActionModel(pretrained, device="cpu", threads=1)
    graph, card = recogniser_files(model, pretrained, pose_model_path)
    own = {"pose": pose_model_path, "graph": graph, "card": card, "teaching": teaching_bytes(model, pretrained)}
    return {key: parts_folder() / name for key, name in NAMES.items() if name in PARTS} | own


@pytest.fixture(scope="module")
def real_camera(shared_data, tmp_path_factory):
    """Chromium whose camera plays a real person, again and again."""
    import cv2

    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    found = next(iter(sorted(shared_data.rglob(VIDEO))), None)
    if found is None:
        pytest.skip(f"there is no {VIDEO} in ../shared/data")
    path = tmp_path_factory.mktemp("camera") / "clip.mjpeg"
    video = cv2.VideoCapture(str(found))
    repeats = max(1, round(30 / (video.get(cv2.CAP_PROP_FPS) or 30))) * SLOW
    with path.open("wb") as file:
        for ok, bgr_HWC in iter(video.read, None):
            if not ok:
                break
            jpeg = cv2.imencode(".jpg", cv2.resize(bgr_HWC, (640, 480)), [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
            file.write(jpeg.tobytes() * repeats)
    with api.sync_playwright() as play:
        flags = [*FLAGS, f"--use-file-for-fake-video-capture={path}"]
        browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page_here(real_camera, files):
    """Opens the page before a server that has the recogniser, with what a visitor chose before."""
    opened, errors = [], []
    slower = (ASSETS / "page" / "here.js").read_text(encoding="utf-8").replace("taken / 1000", f"taken / {SLOW}000")

    def open_page(choice: str = "", **changed):
        served = bare_page()
        server, address = served.__enter__()
        server.files = files | changed
        context = real_camera.new_context(viewport={"width": 1280, "height": 800})
        opened.append((context, served))
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.hosts = set()
        context.on("request", lambda request: tab.hosts.add(request.url.split("/")[2]))
        tab.route("**/page/here.js", lambda asked: asked.fulfill(body=slower, content_type="text/javascript"))
        if choice:
            tab.add_init_script(KEPT.format(choice))
        tab.goto(address)
        tab.wait_for_selector("#start:enabled")
        return tab, server

    yield open_page
    for context, served in opened:
        context.close()
        served.__exit__(None, None, None)
    assert not errors


def ask_for(tab, rate: str) -> None:
    """Have the page take over at another rate of pictures."""
    text = (
        (ASSETS / "page" / "runs_on.js").read_text(encoding="utf-8").replace("LEAST_RATE = 12", f"LEAST_RATE = {rate}")
    )
    tab.route("**/page/runs_on.js", lambda asked: asked.fulfill(body=text, content_type="text/javascript"))
    tab.reload()
    tab.wait_for_selector("#start:enabled")


def test_this_browser_names_the_action_and_needs_no_network(page_here):
    tab, server = page_here("here")
    tab.click("#start")
    says(tab, "#runs-note", "No picture leaves this computer")
    is_drawn(tab, "overlay")
    says(tab, "#action", ACTION)
    is_drawn(tab, "figure", 200)
    assert tab.locator("#runs-on input[value=here]").is_checked()
    tab.context.set_offline(True)
    tab.wait_for_timeout(2000 * SLOW)  # what is shorter may be no event
    tab.click("#stop")
    says(tab, "#events", ACTION)
    tab.click("#start")
    says(tab, "#action", ACTION)
    assert server.sent == [] and tab.hosts == {tab.url.split("/")[2]}
    assert [path for path, _ in server.asked if path == "stopped"] == [], "Gradio is asked for nothing"


def test_by_itself_it_begins_with_the_server_and_goes_over(page_here):
    tab, server = page_here()
    ask_for(tab, "0.01")
    tab.click("#start")
    says(tab, "#action", "Jumping jacks")  # the stand-in of a server
    assert server.sent and tab.locator("#runs-on input[value=server]").is_checked()
    says(tab, "#runs-note", "No picture leaves this computer")
    tab.wait_for_timeout(1000)  # what was under way
    sent = len(server.sent)
    is_drawn(tab, "overlay")
    tab.wait_for_timeout(3000)
    assert len(server.sent) == sent and tab.locator("#runs-on input[value=here]").is_checked()


def test_a_browser_that_is_too_slow_stays_with_the_server(page_here):
    tab, server = page_here()
    ask_for(tab, "999")
    tab.click("#start")
    says(tab, "#runs-note", "999 are needed")
    sent = len(server.sent)
    tab.wait_for_timeout(3000)
    assert len(server.sent) > sent


@pytest.mark.parametrize("choice", ["", "here"])
def test_a_damaged_model_is_said_and_no_chosen_picture_is_sent(page_here, files, choice):
    card = json.loads(files["card"])
    tab, server = page_here(choice, graph=files["graph"][:1000])
    assert card["bytes"] > 1000
    tab.click("#start")
    says(tab, "#runs-note", "did not arrive whole")
    if choice == "here":
        says(tab, "#action", "Not running")
        assert server.sent == []
        tab.locator("#runs-on label", has_text="the server").click()
    says(tab, "#action", "Jumping jacks")
    assert server.sent


def test_without_webassembly_the_server_does_it(page_here):
    tab, server = page_here()
    tab.add_init_script("delete window.WebAssembly")
    tab.reload()
    tab.wait_for_selector("#start:enabled")
    tab.click("#start")
    says(tab, "#runs-note", "no WebAssembly")
    says(tab, "#action", "Jumping jacks")
    assert server.sent
