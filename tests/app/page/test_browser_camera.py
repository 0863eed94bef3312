"""One camera stream in a real Chromium, never two; and what the page says when the camera gives nothing."""

from __future__ import annotations

import pytest

from tests.app.page_visit import says
from tests.app.page_words import goes_on, greys, noted, runs

pytestmark = [pytest.mark.browser, pytest.mark.slow]


FREEZES = """
const each = HTMLVideoElement.prototype.requestVideoFrameCallback;
HTMLVideoElement.prototype.requestVideoFrameCallback = function (told) {
    return each.call(this, (...facts) => {
        const go = () => (window.frozen ? setTimeout(go, 50) : told(...facts));
        go();
    });
};
"""


def test_a_camera_in_trouble(bare):
    tab, server = bare(FREEZES)
    tab.click("#start")
    runs(tab)
    tab.evaluate("track().dispatchEvent(new Event('mute'))")
    greys(tab, "No picture", "switched off")
    noted(tab, "switched off")
    tab.wait_for_timeout(300)
    count = len(server.sent)
    tab.wait_for_timeout(500)
    assert len(server.sent) == count, "black pictures"
    tab.evaluate("track().dispatchEvent(new Event('unmute'))")
    runs(tab)

    tab.evaluate("""() => {
        const video = document.querySelector("#cam video"), play = video.play.bind(video);
        video.play = () => Promise.reject(new DOMException("no", "NotAllowedError"));
        window.allow = () => { video.play = play; };
        video.pause();
    }""")
    greys(tab, "No picture", "has paused the camera")
    tab.evaluate("allow()")
    runs(tab)

    tab.evaluate("window.frozen = true")
    greys(tab, "No picture", "nothing for 2 seconds")
    tab.evaluate("window.frozen = false")
    runs(tab)

    tab.evaluate("track().stop(), track().dispatchEvent(new Event('ended'))")
    says(tab, "#trouble-title", "The camera is gone")
    greys(tab, "Not running", "The camera is gone")
    assert tab.evaluate("live()") == 0 and tab.locator("#stop").is_hidden()
    tab.click("#retry")
    runs(tab)
    assert tab.evaluate("live()") == 1


def test_one_stream_ever(bare):
    """Two clicks, Record and Cancel, Stop and other tabs: never two streams, and none where nobody looks."""
    tab, server = bare("window.hold = new Promise((done) => { window.answer = done; });")
    tab.evaluate("for (let k = 0; k < 3; k++) document.getElementById('start').click()")
    tab.wait_for_function("asked === 1")
    noted(tab, "Allow the camera in your browser's question")
    tab.click("#stop")
    says(tab, "#action", "Ready")
    tab.evaluate("document.getElementById('start').click()")
    tab.evaluate("answer(), window.hold = null")
    runs(tab)
    assert tab.evaluate("[asked, live()]") == [1, 1]

    for name in ("Video", "About"):
        tab.get_by_role("tab", name=name).dispatch_event("click")
        tab.wait_for_function("live() === 0")
        count = len(server.sent)
        tab.wait_for_timeout(500)
        assert len(server.sent) <= count + 2, "pictures under way"
        tab.get_by_role("tab", name="Live").dispatch_event("click")
        runs(tab)
        assert tab.evaluate("live()") == 1
    tab.get_by_role("tab", name="Teach").dispatch_event("click")
    tab.wait_for_timeout(500)
    assert tab.evaluate("live()") == 1, "the Teach tab shows the camera"

    hide = "Object.defineProperty(document, 'visibilityState', { value: '%s', configurable: true })"
    tab.evaluate(f"{hide % 'hidden'}, document.dispatchEvent(new Event('visibilitychange'))")
    assert tab.evaluate("live()") == 0
    tab.evaluate(f"{hide % 'visible'}, document.dispatchEvent(new Event('visibilitychange'))")
    runs(tab)
    tab.click("#stop")
    assert tab.evaluate("live()") == 0
    says(tab, "#action", "Ready")


def test_record_and_cancel(bare):
    tab, _ = bare("window.hold = new Promise((done) => { window.answer = done; });")
    tab.get_by_role("tab", name="Teach").dispatch_event("click")
    tab.fill("#teach-name", "salute")
    for _ in range(2):
        tab.click("#teach-record")
        says(tab, "#teach-record", "Cancel")
        tab.click("#teach-record")
        says(tab, "#teach-said", "Cancelled")
        says(tab, "#teach-record", "Record")
    tab.evaluate("answer(), window.hold = null")
    tab.wait_for_timeout(500)
    assert tab.evaluate("live()") == 0, "nobody waits for it any more"
    tab.click("#teach-record")
    tab.wait_for_selector("#teach-bar:visible")
    assert tab.evaluate("live()") == 1


def test_a_telephone_sees_itself_while_it_records(bare):
    tab, _ = bare(width=390, height=844)
    tab.get_by_role("tab", name="Teach").dispatch_event("click")
    tab.fill("#teach-name", "salute")
    tab.evaluate("document.getElementById('teach-form').style.marginTop = '600px'")  # as far as a small screen scrolls
    tab.locator("#teach-record").scroll_into_view_if_needed()
    tab.click("#teach-record")
    inside = """() => {
        const { top, bottom } = document.getElementById("stage").getBoundingClientRect();
        return top >= -1 && bottom <= innerHeight + 1;
    }"""
    tab.wait_for_selector("#count:visible")
    tab.wait_for_function(inside)
    tab.wait_for_selector("#teach-bar:visible")
    tab.wait_for_timeout(300)
    assert tab.evaluate(inside)


def test_a_chosen_camera_that_is_gone_and_one_that_comes(bare):
    tab, _ = bare()
    tab.click("#start")
    runs(tab)
    choice = tab.get_by_label("Camera", exact=True)
    first, second = choice.evaluate("(it) => [...it.options].map((option) => option.value)")
    choice.select_option(second)
    tab.wait_for_function(f"track()?.getSettings().deviceId === '{second}'")
    runs(tab)
    assert tab.evaluate("live()") == 1
    tab.evaluate("window.refuse = () => 'NotReadableError'")
    choice.select_option(first)
    says(tab, "#trouble-title", "The camera is busy")
    greys(tab, "Not running", "The camera is busy")
    assert tab.evaluate("live()") == 0 and tab.locator("#stop").is_hidden()
    tab.evaluate("window.refuse = null")
    choice.select_option(second)
    runs(tab)

    tab.click("#stop")
    tab.evaluate("() => { window.refuse = (it) => (it.video.deviceId ? 'OverconstrainedError' : ''); }")
    tab.click("#start")
    noted(tab, "The camera that you chose is gone. This is another")
    tab.evaluate(f"""() => {{
        const real = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
        navigator.mediaDevices.enumerateDevices = async () => (await real()).filter((it) => it.deviceId !== "{first}");
        navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
    }}""")
    tab.wait_for_function("document.getElementById('choice').hidden")
    tab.evaluate("() => { navigator.mediaDevices.enumerateDevices = () => Promise.reject(new Error('no')); }")
    tab.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")  # an error would fail the test

    tab.evaluate("window.refuse = () => 'NotFoundError'")
    tab.click("#stop")
    tab.click("#start")
    says(tab, "#trouble-title", "No camera was found")
    assert tab.locator("#action").inner_text() == "Not running"
    tab.evaluate("""() => {
        delete navigator.mediaDevices.enumerateDevices;
        window.refuse = null;
        navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
    }""")
    runs(tab)


@pytest.mark.parametrize(
    "script",
    [
        "delete window.Worker;",
        "window.Worker = class { constructor() { throw new Error('none here'); } };",
        """
        const real = window.Worker;
        window.Worker = class extends real {
            constructor() { super(URL.createObjectURL(new Blob(["throw new Error('no OffscreenCanvas')"]))); }
        };
        """,
        "delete window.VideoFrame; delete HTMLVideoElement.prototype.requestVideoFrameCallback;",
    ],
    ids=["no workers", "a worker that cannot begin", "a worker that fails", "an older browser"],
)
def test_pictures_go_without_a_worker(bare, script):
    tab, server = bare(script)
    tab.click("#start")
    runs(tab)
    goes_on(tab, server)


def test_a_browser_that_plays_nothing_by_itself(bare):
    tab, _ = bare("""
        const play = HTMLMediaElement.prototype.play;
        HTMLMediaElement.prototype.play = () => Promise.reject(new DOMException("no", "NotAllowedError"));
        window.allow = () => { HTMLMediaElement.prototype.play = play; };
    """)
    tab.click("#start")
    says(tab, "#trouble-title", "holds the picture back")
    assert tab.evaluate("live()") == 0
    tab.evaluate("allow()")
    tab.click("#retry")
    runs(tab)


def test_an_address_that_is_not_safe_is_told_at_once(bare):
    tab, _ = bare("Object.defineProperty(window, 'isSecureContext', { value: false });", ready=False)
    says(tab, "#trouble-title", "The camera needs a safe address")
    assert tab.locator("#retry").is_hidden()
    tab.click("#to-video")
    tab.wait_for_selector("#stage", state="hidden")
