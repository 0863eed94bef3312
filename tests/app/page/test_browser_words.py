"""What the Live tab says in a real headless Chromium: the words and the bars agree, and one label has one number."""

from __future__ import annotations

import itertools
import re

import pytest

from app.page.wire import pack_pose
from tests.app.helpers import HandModel, pose
from tests.app.page_visit import says

pytestmark = pytest.mark.browser
pytest.importorskip("gradio")

SEEN = r"""() => ({
    now: document.getElementById("action").textContent,
    line: document.getElementById("sure").textContent,
    bars: [...document.querySelectorAll("#bars .bar")]
        .map((row) => [row.querySelector(".bar-name").textContent, row.querySelector(".bar-score").textContent,
                       row.classList.contains("first")])
        .sort((a, b) => b[2] - a[2]),
    numbers: document.getElementById("right").innerText.match(/\d+%/g) ?? [],
})"""
DISPLAY = {"wave": "waving", "squat": "squatting", "idle": "standing", "other": "something else"}


@pytest.fixture
def told(monkeypatch):
    """The newest answer to every picture, which a test may change: label, score, top, closest."""
    state, numbers, packed = {}, itertools.count(), pack_pose(pose(0.0))

    def make(sessions):
        def answer(visitor, rgb_HWC, sensitivity):
            label, people = state.get("label"), state.get("people", 1)
            persons = [{"id": 0, "main": True, "pose": packed, "label": label}] * people
            facts = {"s": 1, "t": 0.2 * next(numbers), "people": people, "note": "", "persons": persons}
            facts |= {"label": label, "score": 0.0, "threshold": 0.6, "closest": None, "top": [], "modalities": []}
            rest = {"events": [], "sees": None, "recording": "", "ms": 1.0}
            return facts | rest | state

        return answer

    monkeypatch.setattr("app.page.server.frame_handler", make)

    def tell(**changes):
        state.clear()
        state.update(changes)
        if changes.get("top"):
            state["modalities"] = [0.9, 0.5, 0.7]

    return tell


@pytest.mark.slow
def test_words_and_bars_agree(serve_page, visit, told):
    model = HandModel(labels=("wave", "squat", "idle", "other"), display=DISPLAY)
    with serve_page(model) as (_, address, _):
        tab = visit(address)
        assert re.search(r"then move: wave, squat\.", tab.locator("#start-card").inner_text())
        told(label="wave", score=0.86, top=[["wave", 0.86], ["squat", 0.1]])
        tab.click("#start")
        says(tab, "#sure", "86% sure")
        seen = tab.evaluate(SEEN)
        assert seen["now"] == "Waving" and seen["bars"] == [["waving", "86%", True], ["squatting", "", False]]
        assert seen["numbers"] == ["86%", "86%"], "one number of one label"

        told(label="wave", score=0.4, top=[["wave", 0.4], ["squat", 0.45]])  # it goes on below the threshold
        says(tab, "#sure", "Not quite sure")
        seen = tab.evaluate(SEEN)
        assert seen["now"] == "Waving" and seen["bars"][0][0] == "waving" and seen["numbers"] == []

        told(closest=["other", 0.83, 0.6], top=[["other", 0.83], ["wave", 0.04]])
        says(tab, "#action", "Something else")
        seen = tab.evaluate(SEEN)
        assert seen["bars"][0] == ["something else", "83%", True] and seen["line"] == "83% sure"

        told(closest=["other", 0.4, 0.6], top=[["other", 0.4], ["wave", 0.3]])
        says(tab, "#sure", "None of the actions that it knows")
        seen = tab.evaluate(SEEN)
        assert seen["now"] == "Something else" and seen["bars"][0][0] == "something else" and seen["numbers"] == []

        told(closest=["squat", 0.3, 0.6], top=[["squat", 0.3], ["wave", 0.3]])
        says(tab, "#action", "Not sure")
        seen = tab.evaluate(SEEN)
        assert seen["line"] == "Closest: squatting, below the threshold of 60%" and seen["numbers"] == ["60%"]
        assert seen["bars"][0][0] == "squatting" and {row[1] for row in seen["bars"]} == {""}

        told()  # somebody new, of whom too little is seen
        says(tab, "#action", "Watching")
        assert tab.evaluate(SEEN)["bars"] == [], "no bars of a scene that is gone"

        told(label="squat", score=0.9, top=[["squat", 0.9], ["wave", 0.1]])
        says(tab, "#bars .bar.first", "squatting")
        told(people=0, top=[["squat", 0.9], ["wave", 0.1]])
        says(tab, "#action", "Nobody in view")
        assert tab.evaluate(SEEN)["bars"] == []


@pytest.mark.slow
def test_a_name_that_goes_for_a_moment_takes_its_bars_along(serve_page, visit, told):
    """The words outlast a moment in which nothing stands out; the bars wait with them."""
    with serve_page(HandModel(display=DISPLAY)) as (_, address, _):
        tab = visit(address)
        told(label="wave", score=0.86, top=[["wave", 0.86], ["squat", 0.1]])
        tab.click("#start")
        says(tab, "#sure", "86% sure")
        tab.evaluate("""() => {
            window.unlike = [];
            const of = (selector) => document.querySelector(selector)?.textContent.toLowerCase();
            const look = () => {
                const now = of("#action"), first = of("#bars .bar.first .bar-name");
                const hint = /^closest: ([^,]*)/.exec(of("#sure"))?.[1];
                if ((hint ?? now) !== first) window.unlike.push([now, hint, first]);
                window.looks = (window.looks ?? 0) + 1;
                requestAnimationFrame(look);
            };
            requestAnimationFrame(look);
        }""")
        for k in range(8):
            told(closest=["squat", 0.5, 0.6], top=[["squat", 0.5], ["wave", 0.4]])
            tab.wait_for_timeout(200 + 120 * k)
            told(label="wave", score=0.86, top=[["wave", 0.86], ["squat", 0.1]])
            tab.wait_for_timeout(400)
        assert tab.evaluate("window.looks") > 10 and tab.evaluate("window.unlike") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.slow
def test_the_number_of_repetitions_is_white_on_the_dark(serve_page, visit, told, scheme):
    """As its word is, whatever Gradio's style says of texts: it is read from across a room."""
    colour = "(element) => getComputedStyle(element).color"
    with serve_page(HandModel(labels=("wave", "squat", "idle", "other"), display=DISPLAY)) as (_, address, _):
        tab = visit(address, color_scheme=scheme)
        told(label="squat", score=0.9, top=[["squat", 0.9]], count=12)
        tab.click("#start")
        says(tab, "#repetitions-number", "12")
        assert tab.locator("#repetitions-number").evaluate(colour) == "rgb(255, 255, 255)"
