"""Counting in the real page: the camera of a real headless Chromium shows somebody exercise, and the model counts."""

from __future__ import annotations

import csv
import os

import pytest

from tests.app.page_visit import filmed_camera, says, with_camera

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("gradio")

FILM = "jumping_jack_01.mp4"
STILL_S = 9.0  # after the film: the number goes 3 s after the action, whose end is known some seconds late
SLOW = int(
    os.environ.get("IKEM_LIVE_SLOW", "4")
)  # times slower than life: a busy machine answers a few frames a second
# The server looks at the pictures: this browser's own clock is not slower.
BY_SERVER = "localStorage.setItem('ikem-runs-on', 'server');"
# Every number of an action and every line below the words that the page shows, in turn, and how often it flashes.
LISTEN = """(action) => {
    Object.assign(window, { numbers: [], lines: [], flashes: 0 });
    const text = (id) => document.getElementById(id).textContent;
    const note = (list, it) => { if (it && it !== list.at(-1)) list.push(it); };
    new MutationObserver(() => {
        if (text("repetitions-word") === action) note(window.numbers, Number(text("repetitions-number")));
        note(window.lines, text("sure"));
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
    const stage = document.getElementById("stage");
    let lit = false;
    new MutationObserver(() => {
        const now = stage.classList.contains("counted");
        window.flashes += now && !lit;
        lit = now;
    }).observe(stage, { attributeFilter: ["class"] });
}"""


def test_it_counts_up_to_what_was_counted_by_eye(shared_data, serve_page, visit, browser, shipped_model, tmp_path):
    """Of real jumping jacks: one after the other, each with a flash, and at the end off by at most one."""
    videos = shared_data / "videos"
    with (videos / "reps.csv").open(newline="", encoding="utf-8") as file:
        ((action, by_eye),) = [(row["action"], int(row["reps"])) for row in csv.DictReader(file) if row["file"] == FILM]
    camera = with_camera(browser, filmed_camera(tmp_path / "camera.mjpeg", videos / FILM, SLOW, STILL_S))
    with serve_page(shipped_model, slow=SLOW) as (_, address, _):
        tab = visit(address, script=BY_SERVER, by=camera)
        tab.evaluate(LISTEN, shipped_model.display[action])
        tab.click("#start")
        says(tab, "#events", shipped_model.display[action])  # it is over
        tab.wait_for_selector("#repetitions", state="hidden")
        numbers, lines, flashes = tab.evaluate("[window.numbers, window.lines, window.flashes]")
        assert numbers == list(range(numbers[0], numbers[-1] + 1)), "none is left out, none falls or comes twice"
        assert numbers[0] <= 2 and abs(numbers[-1] - by_eye) <= 1
        assert flashes >= len(numbers) - 1
        assert not any("failure" in line for line in lines)
    camera.close()
