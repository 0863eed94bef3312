"""Counting in the real page: the camera of a real headless Chromium shows exercises, and the shipped model counts."""

from __future__ import annotations

import numpy as np
import pytest

from tests.app.page_visit import PATIENCE_MS, drawn_camera, says, with_camera
from training.drawing.motions import MOTIONS, make_scene

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("gradio")

LATEST = 0.15  # of its length: a motion of `make_scene` begins so late
SLOWER = 6  # than life: a busy machine answers a few frames a second, and a squat takes two
# Every number of squats and every line below the words that the page shows, in turn, and how often it flashes.
LISTEN = """(squats) => {
    Object.assign(window, { numbers: [], lines: [], flashes: 0 });
    const text = (id) => document.getElementById(id).textContent;
    const note = (list, it) => { if (it && it !== list.at(-1)) list.push(it); };
    new MutationObserver(() => {
        if (text("repetitions-word") === squats) note(window.numbers, Number(text("repetitions-number")));
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


def sets(action: str, seed: int, period_s: float, *numbers: int) -> np.ndarray:
    """(T, 25, 3) at 30 frames a second: so many repetitions, a short rest, and so many again."""

    def of(number: int):
        def score(rng):
            _, _, keyframes = MOTIONS[action](rng)
            all_of_them = [((k + at) / number, pose) for k in range(number) for at, pose in keyframes]
            return number * period_s, False, [*all_of_them, (1.0, keyframes[0][1])]

        return score, number * period_s / (1 - LATEST)

    steps = [step for number in numbers for step in (("stand", 2.0), of(number))]
    return make_scene([*steps, ("stand", 4.0)], 30.0, seed)


def test_it_counts_squats_and_on_after_a_rest(serve_page, visit, browser, shipped_model, tmp_path):
    """Three, a rest, and two more. A drawn person's squats are named late, so a number may be left out; none falls."""
    joints_TV3 = sets("squat", 1, 2.0, 3, 2)
    camera = with_camera(browser, drawn_camera(tmp_path / "camera.mjpeg", joints_TV3, slow=SLOWER))
    with serve_page(shipped_model, slow=SLOWER) as (_, address, _):
        tab = visit(address, by=camera)
        tab.evaluate(LISTEN, shipped_model.display["squat"])
        tab.click("#start")
        says(tab, "#events", "squatting")
        numbers, lines, flashes = tab.evaluate("[window.numbers, window.lines, window.flashes]")
        assert numbers and numbers == sorted(set(numbers)) and numbers[-1] <= 5, "none falls or comes twice"
        assert flashes >= 1
        tab.wait_for_function("window.numbers.at(-1) > 3", timeout=3 * PATIENCE_MS)  # goes on after the rest
        assert not any("failure" in line for line in lines)
    camera.close()
