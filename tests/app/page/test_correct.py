"""What the editor asks the server: files to save and to open, and to be taught; a browser may send anything."""

from __future__ import annotations

import csv
import gc
import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("gradio")

from app.corrections.correction import made_event
from app.page.correct import answered
from app.page.kept import MOST_BYTES, Kept, Recording
from app.teach.lesson import Lesson
from tests.app.corrections.conftest import folder, named, teacher, waver
from tests.app.corrections.test_learn import replay_of, salutes
from tests.app.counting.figures import bumps, figure, times
from tests.app.teach.helpers import FPS, still
from training.drawing.motions import make_motion

__all__ = ["folder", "named", "teacher", "waver"]

LINE = '{"input": "%s", "person": 0, "label": "x", "start": 0, "end": %d}'
ROWS = [[0, "my bow", 2.0, 3.5, 1], [0, "my bow", 5.5, 7.0, 1]]


@pytest.fixture
def recording() -> Recording:
    given = salutes("a.mp4", 40)
    replay = given.frames.__self__
    return Recording("a.mp4", replay, FPS)


@pytest.fixture
def lesson(teacher) -> Lesson:
    return Lesson(teacher.model, teacher)


def test_saved_events_are_opened_again(lesson, recording):
    saved = answered(lesson, recording, {"do": "save", "events": ROWS})
    assert not saved["failed"] and set(saved["files"]) == {".corrected.jsonl", ".corrected.csv", ".eaf", ".json"}
    for suffix in (".corrected.jsonl", ".corrected.csv"):
        lines = saved["files"][suffix].splitlines()
        opened = answered(lesson, recording, {"do": "open", "name": f"a{suffix}", "lines": lines})
        assert opened["events"] == ROWS and not opened["failed"], opened


def test_what_was_corrected_is_counted_anew(lesson):
    """In what the editor shows and in what it saves; what was left as it was found keeps its number."""
    replay = replay_of(figure(bumps(times(20), np.arange(1, 17, 2.0))))
    found = replace(made_event(0, "squat", 0.8, 17.0), count=7, repetitions_s=(2.0,))
    recording = Recording("a.mp4", replay, FPS, (found,))
    rows = [[0, "squat", 0.8, 17.0, 0.9], [0, "lunge", 0.8, 8.8, 1], [0, "sit_down", 0.8, 17.0, 1]]
    answer = answered(lesson, recording, {"do": "count", "events": rows})
    assert {label: (count, len(times)) for _, label, _, _, count, times in answer["counted"]} == {
        "squat": (7, 1),
        "lunge": (4, 4),
        "sit_down": (None, 0),
    }
    saved = answered(lesson, recording, {"do": "save", "events": rows})["files"]
    lines = [json.loads(line) for line in saved[".corrected.jsonl"].splitlines()]
    assert {line["label"]: line["count"] for line in lines} == {"squat": 7, "lunge": 4, "sit_down": None}
    table = list(csv.DictReader(saved[".corrected.csv"].splitlines()))
    assert {row["label"]: row["count"] for row in table} == {"squat": "7", "lunge": "4", "sit_down": ""}
    changed = [line | {"label": "sit_down" if line["label"] == "lunge" else "lunge"} for line in lines[:2]]
    opened = {"do": "open", "name": "a.jsonl", "lines": list(map(json.dumps, changed))}
    again = answered(lesson, recording, {"do": "count", "events": answered(lesson, recording, opened)["events"]})
    assert [(label, count) for _, label, _, _, count, _ in again["counted"]] == [("sit_down", None), ("lunge", 8)]


def test_results_of_the_same_recording_are_opened_too(lesson, recording):
    line = {"input": "films/a.mp4", "person": 0, "label": "wave", "start": 1, "end": 2, "score": 0.7}
    opened = answered(lesson, recording, {"do": "open", "name": "a.jsonl", "lines": [json.dumps(line)]})
    assert opened["events"] == [[0, "wave", 1.0, 2.0, 0.7]]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"do": "open", "name": "b.jsonl", "lines": [LINE % ("b.mp4", 1)]}, "the events of b.mp4, not of a.mp4"),
        ({"do": "open", "name": "b.jsonl", "lines": [LINE % ("a.mp4", 99)]}, "those of another recording"),
        ({"do": "open", "name": "b.jsonl", "lines": ["<html>"]}, "line 1: not an event"),
        ({"do": "open", "name": "b.jsonl", "lines": "x"}, "more than"),
        ({"do": "open", "name": "b.jsonl", "lines": ["x"] * 6000}, "more than"),
        ({"do": "save", "events": [[0, "x", 3, 2, 1]]}, "ends after it starts"),
        ({"do": "save", "events": [[0, "x", 1]]}, "no event"),
        ({"do": "save", "events": [[0, {"a": 1}, 1, 2, 1]]}, "needs a name"),
        ({"do": "save"}, "did not arrive"),
        ({"do": "teach", "events": [[0, "Person 1", 2, 3, 1]]}, "the page itself says"),
        ({"do": "else"}, "nothing to do"),
        (None, "nothing to do"),
        ([], "nothing to do"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(asked, says, lesson, recording):
    answer = answered(lesson, recording, asked)
    assert answer["failed"] and says.lower() in answer["said"].lower()
    assert lesson.pack is None


def test_teaching_is_told_at_once(lesson, recording):
    answer = answered(lesson, recording, {"do": "teach", "events": ROWS})
    assert answer["learnt"] and answer["said"].startswith("Better: 2 wrong events before")
    assert lesson.pack.actions == ("my bow",) and any(label == "my bow" for _, label, *_ in answer["now"])
    assert answer["advice"][0].startswith("my bow: 2 examples: too few to tell")


def test_worse_is_refused_unless_insisted_on(lesson, recording, monkeypatch):
    monkeypatch.setattr("app.corrections.learn.Learnt.worse", property(lambda learnt: True))
    refused = answered(lesson, recording, {"do": "teach", "events": ROWS})
    assert refused["worse"] and not refused["learnt"] and lesson.pack is None
    taken = answered(lesson, recording, {"do": "teach", "events": ROWS, "insist": True})
    assert taken["learnt"] and lesson.pack is not None


def test_without_a_recording_or_a_teacher(lesson, recording):
    assert "not here any more" in answered(lesson, None, {"do": "teach", "events": ROWS})["said"]
    alone = Lesson(lesson.model)
    assert "nothing can be taught" in answered(alone, recording, {"do": "teach", "events": ROWS})["said"].lower()


def test_recordings_go_with_their_lessons_and_have_limits(teacher):
    kept, lessons = Kept(), [Lesson(teacher.model) for _ in range(2)]
    replay = replay_of(still(1), make_motion("bow", 1.0, FPS, 0))
    list(replay.frames())
    for one in lessons:
        assert kept.keep(one, Recording("a.mp4", replay, FPS))
    assert kept.find(lessons[0]).name == "a.mp4"
    replay.size = MOST_BYTES + 1
    assert not kept.keep(lessons[0], Recording("b.mp4", replay, FPS)) and kept.find(lessons[0]) is None
    kept.forget(lessons.pop())
    del one
    gc.collect()
    assert len(kept._kept) == 0
