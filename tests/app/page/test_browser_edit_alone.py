"""The editor of events in a real Chromium without a server: edges, keys, fingers, painting, and what it asks for."""

from __future__ import annotations

import numpy as np
import pytest

from app.page.wire import POSE_STEP, pack
from models.system.places import ASSETS

pytestmark = pytest.mark.browser

EVENTS = [[0, 0, "wave", 1.0, 3.0, 0.8], [1, 0, "jumping_jack", 4.0, 5.0, 0.9], [2, 1, "<b>x</b>, y", 2.0, 6.0, 0.7]]
EMPTY = {"times": pack(np.zeros((0, 2))), "persons": pack(np.zeros((0, 2))), "points": pack(np.zeros((0, 33, 3)))}
BEGIN = """async ([html, found]) => {
    document.querySelector(".tabs").style.display = "none";
    document.body.insertAdjacentHTML("beforeend", `<div id="clip"><video></video></div>${html}`);
    const send = document.createElement("button");
    send.id = "edit-send";
    send.hidden = true;
    window.asks = [];
    send.addEventListener("click", async () => window.asks.push((await window.ikem).nextEditRequest()));
    const count = document.createElement("button");
    count.id = "count-send";
    count.hidden = true;
    window.counts = [];
    count.addEventListener("click", async () => window.counts.push((await window.ikem).nextCountRequest()));
    document.body.append(send, count);
    (await window.ikem).showFound(found);
}"""


# The words that are written over the recording, whose skeletons stand alone.
WRITTEN = """() => {
    const write = CanvasRenderingContext2D.prototype.fillText;
    window.words = [];
    CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
        window.words.push(text);
        write.call(this, text, ...at);
    };
    document.getElementById("clip").classList.add("unplayable");
}"""


@pytest.fixture
def editor(bare):
    """The editor of a recording of ten seconds."""

    def begin(width: int = 1280, **more):
        tab, _ = bare(ready=False, width=width)
        found = {"name": "a.mp4", "size": [4, 3], "seconds": 10, "csv": "", "jsonl": ""}
        found |= {"events": EVENTS, "track": EMPTY, "repetitions": {}} | more
        tab.evaluate(BEGIN, [(ASSETS / "page" / "edit.html").read_text(encoding="utf-8"), found])
        tab.wait_for_selector(".edit-event")
        return tab

    return begin


def times(tab) -> str:
    return tab.inner_text("#edit-times")


def seek(tab, moment: float) -> None:
    tab.evaluate(f"document.querySelector('#clip video').currentTime = {moment}")


def blocks(tab) -> list[str]:
    return tab.locator(".edit-event").all_text_contents()


def test_edges_are_dragged_and_undone_on_a_phone(editor, tmp_path):
    tab = editor(width=390)
    assert blocks(tab) == ["waving", "jumping jacks", "<b>x</b>, y"], "labels are text, not HTML"
    tab.locator(".edit-event").first.click()
    assert times(tab) == "0:01.00 to 0:03.00"
    box = tab.locator(".edit-handle.end").bounding_box()
    assert box["width"] >= 44 and box["height"] >= 44
    tab.mouse.move(box["x"] + 4, box["y"] + 20)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 34, box["y"] + 20, steps=3)
    assert tab.evaluate("document.querySelector('#clip video').currentTime") > 3.3, "the picture follows the edge"
    tab.mouse.up()
    moved = times(tab)
    assert moved != "0:01.00 to 0:03.00"
    tab.keyboard.press("Control+z")
    assert times(tab) == "0:01.00 to 0:03.00"
    tab.keyboard.press("Control+Shift+Z")
    assert times(tab) == moved
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out on a phone"
    tab.screenshot(path=tmp_path / "phone.png")


def test_keys_and_where_they_are_dead(editor, tmp_path):
    tab = editor()
    tab.keyboard.press("]")
    seek(tab, 2)
    tab.keyboard.press("s")
    assert blocks(tab).count("waving") == 2
    tab.keyboard.press("m")
    assert blocks(tab).count("waving") == 1
    tab.keyboard.press("o")
    assert times(tab) == "0:01.00 to 0:02.00"
    tab.keyboard.press("l")
    assert times(tab) == "0:00.97 to 0:02.00"
    tab.keyboard.press("]")
    tab.keyboard.press("Backspace")
    assert len(blocks(tab)) == 2
    tab.keyboard.press("e")
    tab.keyboard.type("smap")
    assert len(blocks(tab)) == 2, "keys are letters in a text field"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Escape")
    seek(tab, 8)
    tab.keyboard.press("a")
    assert "smap" in blocks(tab) and times(tab) == "0:08.00 to 0:09.00"
    tab.keyboard.press("?")
    assert "merge it with the person's next one" in tab.inner_text("#edit-keys")
    tab.keyboard.press("s")
    tab.screenshot(path=tmp_path / "keys.png")
    tab.keyboard.press("Escape")
    assert tab.locator("#edit-keys").is_hidden() and len(blocks(tab)) == 3


def test_a_label_is_changed_and_painted(editor):
    tab = editor()
    tab.locator(".edit-event").nth(1).click()
    tab.fill("#edit-label", "Waving")
    tab.locator("#edit-label").press("Enter")
    assert blocks(tab)[:2] == ["waving", "waving"], "the page's words stand for its labels"
    seek(tab, 6)
    tab.click("#edit-paint")
    assert tab.get_attribute("#edit-paint", "aria-pressed") == "true"
    seek(tab, 7.5)
    tab.wait_for_function("document.getElementById('edit-times').textContent.endsWith('0:07.50')")
    tab.click("#edit-paint")
    assert times(tab) == "0:06.00 to 0:07.50"
    tab.click("#edit-undo")
    assert len(blocks(tab)) == 3


@pytest.mark.slow
def test_edited_events_are_drawn_over_the_recording(editor):
    """With the count that they were found with, or that the server gives them."""
    moments = [[k // 2, 500 * (k % 2)] for k in range(20)]
    poses = pack(np.full((20, 33, 3), 0.5), POSE_STEP)
    track = {"times": pack(moments), "persons": pack([[0, 1]] * 20), "points": poses}
    tab = editor(events=[[0, 0, "wave", 1.0, 3.0, 0.8, 2]], track=track, repetitions={"0": [1.5, 2.5]})
    tab.evaluate(WRITTEN)
    tab.wait_for_function("window.words.includes('waving 2')")
    tab.fill("#edit-label", "greeting")
    tab.evaluate("document.activeElement.blur()")
    tab.keyboard.press("Escape")
    tab.keyboard.press("a")
    tab.wait_for_function("window.words.some((text) => text === 'greeting')")
    tab.wait_for_function("window.counts.length")
    answer(tab, [[*row[:4], 3, [2.5, 2.6, 2.7]] for row in tab.evaluate("window.counts[0].events")])
    tab.wait_for_function("window.words.includes('greeting 3')")


def answer(tab, counted: list) -> None:
    """What the server says when it is asked how often corrected actions are repeated."""
    tab.evaluate("async (it) => (await window.ikem).counted(it)", {"did": "count", "failed": False, "counted": counted})


def test_what_is_corrected_is_counted_anew(editor):
    tab = editor(events=[[0, 0, "squat", 1.0, 3.0, 0.8, 2]], repetitions={"0": [1.5, 2.5]})
    tab.locator(".edit-event").click()
    assert times(tab) == "0:01.00 to 0:03.00 \u00d7 2" and tab.evaluate("window.counts") == []
    assert "squat \u00d7 2, 0:01.00" in tab.get_attribute(".edit-event", "title")
    tab.fill("#edit-label", "lunge")
    tab.locator("#edit-label").press("Enter")
    assert times(tab) == "0:01.00 to 0:03.00", "the squats' number is not the lunges'"
    tab.wait_for_function("window.counts.length === 1")
    assert tab.evaluate("window.counts[0]") == {"do": "count", "events": [[0, "lunge", 1, 3, 1]]}
    answer(tab, [[0, "lunge", 1, 3, 5, [1.5]], [0, "squat", 7, 8, 9, []]])
    assert times(tab).endswith("\u00d7 5")
    tab.keyboard.press("Control+z")
    assert times(tab).endswith("\u00d7 2"), "what was found has its number back"
    tab.evaluate("async () => (await window.ikem).counted(null)")  # it cannot be counted: nothing is said
    assert times(tab).endswith("\u00d7 2")


def test_what_is_opened_is_counted_and_what_is_dragged_only_afterwards(editor):
    tab = editor()
    opened = {"did": "open", "said": "b.csv is open", "failed": False, "events": [[0, "squat", 1, 2, 1]]}
    tab.evaluate("async (it) => (await window.ikem).edited(it)", opened)
    tab.wait_for_function("window.counts.length === 1")
    assert tab.evaluate("window.counts[0].events") == [[0, "squat", 1, 2, 1]]
    tab.locator(".edit-event").click()
    box = tab.locator(".edit-handle.end").bounding_box()
    tab.mouse.move(box["x"] + 4, box["y"] + 20)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 34, box["y"] + 20, steps=3)
    tab.evaluate("new Promise((done) => setTimeout(done, 600))")
    assert tab.evaluate("window.counts.length") == 1
    tab.mouse.up()
    tab.wait_for_function("window.counts.length === 2")
    ((_, _, start, end, _),) = tab.evaluate("window.counts[1].events")
    assert start == 1 and end > 2


def test_what_it_asks_for_and_what_it_is_answered(editor):
    tab = editor()
    tab.locator(".edit-event").first.click()
    tab.click("#edit-remove")
    tab.click("#edit-teach")
    assert tab.locator("#edit-teach").is_disabled()
    (asked,) = tab.evaluate("window.asks")
    assert asked["do"] == "teach" and asked["insist"] is False
    assert asked["events"] == [[1, "<b>x</b>, y", 2, 6, 0.7], [0, "jumping_jack", 4, 5, 0.9]]
    answer = {"did": "teach", "said": "Worse: 1 wrong event before, 2 after", "failed": False, "worse": True}
    answer |= {"learnt": False, "now": [[0, "wave", 1, 2, 0.9]], "advice": ["<i>: few"]}
    tab.evaluate("async (it) => (await window.ikem).edited(it)", answer)
    assert "Worse" in tab.inner_text("#edit-said")
    assert tab.locator("#edit-now li").all_text_contents() == [
        "<i>: few",
        "Called now: Person 1: waving, 0:01.00 to 0:02.00",
    ]
    tab.click("#edit-insist")
    assert tab.evaluate("window.asks.pop().insist") is True
    tab.set_input_files("#edit-file", {"name": "b.csv", "mimeType": "text/csv", "buffer": b"a\nb\n\n"})
    tab.wait_for_function("window.asks.length === 2")
    assert tab.evaluate("window.asks.pop()") == {"do": "open", "name": "b.csv", "lines": ["a", "b"]}
    opened = {"did": "open", "said": "b.csv is open", "failed": False, "events": [[3, "bow", 1, 2, 1]]}
    tab.evaluate("async (it) => (await window.ikem).edited(it)", opened)
    assert blocks(tab) == ["bow"] and "Person 4" in tab.inner_text("#edit-person")
    tab.click("[data-edit-save='.eaf']")
    saved = {"did": "save", "said": "", "failed": False, "files": {".eaf": "<ANNOTATION_DOCUMENT/>"}}
    with tab.expect_download() as download:
        tab.evaluate("async (it) => (await window.ikem).edited(it)", saved)
    assert download.value.suggested_filename == "a.eaf"
    assert download.value.path().read_text(encoding="utf-8") == "<ANNOTATION_DOCUMENT/>"
    tab.evaluate("async () => (await window.ikem).showFound(null)")
    assert tab.locator("#edit-card").is_hidden()
