"""The Live tab in a real headless Chromium whose camera plays a drawn clip."""

from __future__ import annotations

import itertools
import os
import time

import pytest

from app.landmarks.reader import LandmarkReader
from app.page.wire import pack_pose
from tests.app.helpers import HandModel, pose
from tests.app.page_visit import CHROMIUM, DRAWN_PIXELS, FLAGS, PATIENCE_MS, files_under, is_drawn, says

pytestmark = pytest.mark.browser
pytest.importorskip("gradio")


def wait_for(condition, seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


@pytest.mark.slow
def test_the_action_is_named(serve_page, visit, pretrained):
    from export.runtime import ActionModel

    model = ActionModel(pretrained, device="cpu", threads=1)
    with serve_page(model) as (_, address, _):
        tab = visit(address)
        tab.click("#start")
        says(tab, "#action", model.display["jumping_jack"])
        says(tab, "#bars .bar.first", model.display["jumping_jack"])
        says(tab, "#spoken", model.display["jumping_jack"])
        tab.click("#status summary")
        says(tab, "#status .badge", "CPU")
        assert tab.locator("#modalities .bar").count() == 3


def test_nothing_is_kept(serve_page, visit):
    with serve_page(HandModel()) as (_, address, sessions):
        folder = os.environ["GRADIO_TEMP_DIR"]
        before = files_under(folder)
        tab = visit(address)
        tab.click("#start")
        is_drawn(tab, "overlay")
        is_drawn(tab, "figure", 200)
        for number in ("fps", "age", "server"):
            tab.wait_for_function(f"Number(document.getElementById('{number}').textContent) > 0")
        tab.wait_for_function("Number(document.getElementById('dropped').textContent) >= 0")
        tab.click("#stop")
        says(tab, "#action", "Ready")
        assert tab.evaluate(f"({DRAWN_PIXELS})('overlay')") == 0
        tab.click("#start")
        is_drawn(tab, "overlay")
        assert files_under(folder) == before, "a picture was written to disk"
        assert {host.split(":")[0] for host in tab.hosts} <= {"127.0.0.1", ""}
        assert len(sessions) == 1
        tab.close()
        assert wait_for(lambda: len(sessions) == 0), "closing the tab did not free the visitor's landmarker"


def overtaking_answers(sessions):
    """Answers 0.2 s apart; every fifth comes after a later one, and tells of another action."""
    numbers, packed = itertools.count(), pack_pose(pose(0.0))

    def answer(visitor, rgb_HWC, sensitivity):
        k = next(numbers)
        late = k % 5 == 4
        label = "squat" if late else "wave"
        return {
            "s": 1,
            "t": 0.2 * k - 0.5 * late,
            "people": 1,
            "note": "",
            "persons": [{"id": 0, "main": True, "pose": packed, "label": label}],
            "label": label,
            "score": 0.9,
            "threshold": 0.5,
            "closest": None,
            "top": [[label, 0.9]],
            "modalities": [0.9, 0.9, 0.9],
            "events": [],
            "sees": None,
            "recording": "",
            "ms": 1.0,
        }

    return answer


@pytest.mark.slow
def test_a_late_answer_replaces_nothing(serve_page, visit, monkeypatch):
    """Two pictures are under way at once, so an answer may overtake another."""
    monkeypatch.setattr("app.page.server.frame_handler", overtaking_answers)
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        tab.evaluate("""() => {
            const words = document.getElementById("action");
            window.said = new Set();
            new MutationObserver(() => window.said.add(words.textContent))
                .observe(words, { childList: true, characterData: true, subtree: true });
        }""")
        tab.click("#start")
        tab.wait_for_function(f"({DRAWN_PIXELS})('strip') > 4000", timeout=30_000)  # seconds of it, not the last alone
        assert "Waving" in tab.evaluate("[...window.said]")
        assert "Squatting" not in tab.evaluate("[...window.said]")
        assert tab.locator("#bars .bar", has_text="squatting").count() == 0


@pytest.mark.slow
def test_events_are_listed_and_saved(serve_page, visit):
    with serve_page(HandModel(display={"wave": "waving", "squat": "=1+1", "idle": "idle"})) as (_, address, _):
        tab = visit(address)
        assert tab.locator("#save-live").is_disabled()
        tab.click("#start")
        says(tab, "#action", "waving")  # jumping jacks: the hand is above the pelvis for half of the time
        tab.wait_for_timeout(2500)
        tab.click("#stop")  # ends what goes on
        tab.locator("#events tr", has_text="waving").first.wait_for()
        with tab.expect_download() as saved:
            tab.click("#save-live")
        lines = saved.value.path().read_text().splitlines()
        assert lines[0] == "person,label,start,end,score,count,time"
        rows = [dict(zip(lines[0].split(","), line.split(","))) for line in lines[1:]]
        assert len(rows) == tab.locator("#events tr").count()
        assert rows[0]["person"].isdigit(), "0, or more where a busy machine lost sight of them meanwhile"
        assert all(float(row["start"]) < float(row["end"]) for row in rows)


@pytest.mark.slow
def test_why_not_and_the_slider(serve_page, visit):
    """A model that is never sure enough, until the slider asks for less."""
    model = HandModel(thresholds={"enter": 0.9, "leave": 0.89})
    with serve_page(model) as (_, address, sessions):
        tab = visit(address)
        tab.click("#start")
        says(tab, "#sure", "below the threshold of 90%")
        slider = tab.get_by_label("range slider for Sensitivity")
        slider.focus()
        for _ in range(10):
            slider.press("ArrowRight")
        assert slider.input_value() == "1"
        says(tab, "#action", "waving")
        (session,) = sessions._sessions.values()
        assert wait_for(lambda: session._stream.sensitivity == 1)  # the last word of ten may be under way


@pytest.mark.slow
def test_mirror(serve_page, visit):
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        tab.click("#start")
        is_drawn(tab, "overlay")
        flipped = "getComputedStyle(document.querySelector('#cam video')).transform"
        assert tab.evaluate(flipped) == "matrix(-1, 0, 0, 1, 0, 0)"
        tab.get_by_label("Mirror").press("Space")
        assert tab.evaluate(flipped) == "none"
        assert tab.locator("#choice").is_hidden(), "one camera is no choice"


@pytest.mark.slow
def test_the_choice_of_cameras(serve_page, browser):
    """Two cameras, of which Chromium makes the pictures itself."""
    flags = [flag for flag in FLAGS if "fake-device" not in flag]
    flags.append("--use-fake-device-for-media-stream=device-count=2")
    two = browser.browser_type.launch(executable_path=CHROMIUM, args=flags)
    with serve_page(HandModel()) as (_, address, _):
        tab = two.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        tab.goto(address)
        tab.click("#start")
        choice = tab.get_by_label("Camera", exact=True)
        choice.wait_for()
        devices = choice.evaluate("(e) => [...e.options].map((o) => o.value)")
        assert len(devices) == 2 and choice.input_value() == devices[0]
        choice.select_option(devices[1])
        current = "document.querySelector('#cam video').srcObject?.getVideoTracks()[0]?.getSettings().deviceId"
        tab.wait_for_function(f"{current} === '{devices[1]}'")
        count = "() => { window.answered = (window.answered ?? 0) + 1; }"
        tab.evaluate(f"document.addEventListener('ikem:answered', {count})")
        tab.wait_for_function("window.answered > 3")
        assert choice.input_value() == devices[1]
    two.close()


@pytest.mark.slow
def test_one_place_two_visitors(serve_page, visit):
    with serve_page(HandModel(), visitors=1) as (_, address, sessions):
        first, second = visit(address), visit(address)
        first.click("#start")
        is_drawn(first, "overlay")
        second.click("#start")
        says(second, "#trouble-title", "All places are taken")
        assert len(sessions) == 1


@pytest.mark.slow
def test_a_server_that_was_started_anew_gives_a_new_key(serve_page, visit):
    """The page says that nobody answers, goes on with the new server, and is seen by it when it leaves."""
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address)
        tab.click("#start")
        says(tab, "#action", "waving")
    says(tab, "#action", "No answer")
    assert tab.evaluate(f"({DRAWN_PIXELS})('overlay')") == 0
    with serve_page(HandModel()) as (_, again, sessions):
        assert again == address
        says(tab, "#action", "waving")
        assert len(sessions) == 1
        tab.close()
        assert wait_for(lambda: len(sessions) == 0), "the new server does not see the page leave"


@pytest.mark.slow
def test_recording_is_said_and_holds_landmarks_alone(serve_page, visit, tmp_path):
    from app.page.recorder import Recordings

    path = tmp_path / "visit.ikem"
    with serve_page(HandModel(), recordings=Recordings(path, {"pose": "wheel"})) as (_, address, _):
        tab = visit(address)
        says(tab, "#recording-mark", "Recording landmarks")
        assert not path.exists()
        tab.click("#start")
        is_drawn(tab, "overlay")
        says(tab, "#recording-mark", "Recording landmarks")
    with LandmarkReader(path) as reader:
        frames = list(reader)
    assert reader.note == "" and any(people for _, people in frames)
    assert path.stat().st_size < 3000 + 1500 * len(frames), "more than landmarks"


@pytest.mark.parametrize(
    ("error", "title"),
    [
        ("NotAllowedError", "The camera is blocked"),
        ("NotFoundError", "No camera was found"),
        ("NotReadableError", "The camera is busy"),
    ],
)
@pytest.mark.slow
def test_no_camera(serve_page, visit, error, title):
    refuse = f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{error}'))"
    with serve_page(HandModel()) as (_, address, _):
        tab = visit(address, script=refuse)
        tab.click("#start")
        says(tab, "#trouble-title", title)
        assert tab.locator("#retry").is_visible()


@pytest.mark.slow
def test_a_password_is_asked_for(serve_page, visit, browser):
    with serve_page(HandModel(), auth=[("ann", "secret pass")]) as (_, address, _):
        tab = browser.new_page()
        tab.set_default_timeout(PATIENCE_MS)
        hosts = set()
        tab.on("request", lambda request: hosts.add(request.url.split("/")[2].split(":")[0]))
        tab.goto(address)
        tab.get_by_label("Name").fill("ann")
        tab.get_by_label("Password").fill("wrong")
        tab.get_by_role("button", name="Log in").click()
        tab.get_by_text("is wrong").wait_for()
        assert tab.locator("#start").count() == 0 and tab.get_by_label("Name").input_value() == "ann"
        tab.get_by_label("Password").fill("secret pass")
        tab.get_by_role("button", name="Log in").click()
        tab.wait_for_selector("#start:enabled")
        tab.click("#start")
        is_drawn(tab, "overlay")
        post = "(key) => fetch('/ikem/frame', {method: 'POST', headers: {'X-Ikem-Key': key}}).then((it) => it.status)"
        assert tab.evaluate(post, "ann.") == 403, "who has no key posts nothing"
        tab.get_by_role("button", name="Log out").click()
        tab.get_by_label("Password").wait_for()
        tab.goto(address)
        assert tab.get_by_label("Password").is_visible(), "the page is closed again"
        tab.close()
        assert hosts == {"127.0.0.1"}
