"""What the page says when, with recordings of real people as the camera of a real headless Chromium, in real time.

`IKEM_LIVE_SAID=FOLDER python -m pytest -s -m slow tests/app/page/test_real_videos.py` prints two tables and writes them
to FOLDER/said.md. A video that is shorter than LEAST_S is played again and again, as Chromium plays a camera's file.
On a machine that has other work to do the page answers fewer frames a second, which the first table says; with
IKEM_LIVE_SLOW=4 the camera and the sessions' clock go four times slower, and all seconds are those of the video.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

from models.system.atomic import write_text
from models.system.tables import table
from tests.app.page_visit import filmed_camera, says

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("gradio")

NAMES = ("wave_two_hands_01.mp4", "wave_left_hand_01.mp4", "wave_bg_s10_near.avi", "raise_hand_01.mp4",
         "raise_hand_bg_s10_near.avi", "raise_hand_bg_s05_far.avi", "walk_01.mp4", "squat_01.mp4", "punch_01.mp4",
         "jumping_jack_03.mp4", "stand_01.mp4")  # fmt: skip
LEAST_S = 5.0
SLOW = int(os.environ.get("IKEM_LIVE_SLOW", "1"))
# Every 50 ms, if it is new: seconds since the camera's first picture, the words, the line below, the first bar's label.
LISTEN = """() => {
    const text = (selector) => document.querySelector(selector)?.textContent ?? "";
    document.addEventListener("playing", () => { window.zero ||= Date.now(); }, true);
    document.addEventListener("ikem:answered", () => { window.answers += 1; });
    setInterval(() => {
        const now = [text("#action"), text("#sure"), text("#bars .bar.first .bar-name")];
        if (window.zero && window.answers && `${now}` !== `${window.said.at(-1)?.slice(1)}`)
            window.said.push([(Date.now() - window.zero) / 1000, ...now]);
    }, 50);
}"""


@dataclass
class Watched:
    """What was said of a video: [second, words, line below, first bar], and [label, start and end in seconds]."""

    name: str
    action: str
    fps: float
    said: list[tuple[float, str, str, str]]
    events: list[tuple[str, float, float]]

    @property
    def first_word_s(self) -> float | None:
        """When something was first said of a whole window."""
        return next((second for second, words, *_ in self.said if words not in ("Watching", "Nobody in view")), None)

    def rows(self) -> list[tuple[object, ...]]:
        """A row for each time that the words or the first bar changed, with the highest percentage until the next."""
        rows = []
        for (words, bar), group in groupby(self.said, key=lambda line: (line[1], line[3])):
            lines = list(group)
            sure = max((int(line.split("%")[0]) for _, _, line, _ in lines if line.endswith("% sure")), default=None)
            rows.append((self.name, f"{lines[0][0]:.1f}", words, bar, "" if sure is None else f"{sure} %"))
        return rows

    def summary(self) -> tuple[object, ...]:
        """The video as one row."""
        events = ", ".join(f"{label} {start:.1f}-{end:.1f}" for label, start, end in self.events)
        first = "-" if self.first_word_s is None else f"{self.first_word_s:.1f}"
        right = next((f"{second:.1f}" for second, words, *_ in self.said if words.lower() == self.action), "-")
        return self.name, self.action, f"{self.fps:.0f}", first, right, events or "none"


@pytest.fixture(scope="module")
def camera_file(tmp_path_factory) -> Path:
    """Where the browser's camera looks for its pictures whenever it starts; a test puts them there."""
    return tmp_path_factory.mktemp("camera") / "camera.mjpeg"


def watch(folder: Path, camera: Path, tab, sessions, words: dict[str, str]) -> list[Watched]:
    """Show a page one video after another."""
    watched, zeros, counts = [], [], [0]
    truth = {row["file"]: row for row in csv.DictReader((folder / "labels.csv").open())}
    tab.evaluate(LISTEN)
    for name in (NAMES[-1], *NAMES):  # the first time warms up: the pose model loads
        filmed_camera(camera, folder / name, SLOW)
        seconds = max(LEAST_S, float(truth[name]["seconds"]))
        tab.evaluate("Object.assign(window, { zero: 0, said: [], answers: 0 })")
        tab.click("#start")
        tab.wait_for_function(f"window.answers && Date.now() - window.zero > {1000 * seconds * SLOW}")
        passed_ms, said, answers = tab.evaluate("[Date.now() - window.zero, window.said, window.answers]")
        (session,) = sessions._sessions.values()
        zeros.append(session._clock() - session._started - passed_ms / 1000 / SLOW)
        tab.click("#stop")
        says(tab, "#action", "Ready")
        tab.wait_for_timeout(1000)  # the events that ended with the camera
        counts.append(tab.locator("#events .what").count())
        said = [(second / SLOW, *rest) for second, *rest in said]
        watched.append(Watched(name, words[truth[name]["action"]], answers / seconds, said, []))
    events = saved_events(tab) if counts[-1] else []
    for video, zero_s, start, end in zip(watched, zeros, counts, counts[1:]):
        video.events += [(label, begins - zero_s, ends - zero_s) for label, begins, ends in events[start:end]]
    return watched[1:]


def saved_events(tab) -> list[tuple[str, float, float]]:
    """All events that the page lists: label, start and end in seconds of the session."""
    with tab.expect_download() as saved:
        tab.click("#save-live")
    rows = csv.DictReader(saved.value.path().read_text().splitlines())
    return [(row["label"], float(row["start"]), float(row["end"])) for row in rows]


def test_what_the_page_says_when(shared_data, shipped_model, camera_file, serve_page, visit, tmp_path):
    with serve_page(shipped_model, slow=SLOW) as (_, address, sessions):
        tab = visit(address)
        watched = watch(shared_data / "videos", camera_file, tab, sessions, shipped_model.display)
    names = ("video", "action", "answers/s", "first word, s", "right word, s", "events, s")
    said = table(names, [video.summary() for video in watched]) + "\n\n"
    said += table(("video", "second", "words", "likeliest", "most"), [row for video in watched for row in video.rows()])
    print(f"\n{said}")
    out = Path(os.environ.get("IKEM_LIVE_SAID", tmp_path))
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / "said.md", said + "\n")
    assert all(video.first_word_s is not None for video in watched), "the page was silent"
    (still,) = (video for video in watched if video.name == "stand_01.mp4")
    assert not still.events, "an action was said of somebody who stands still"
