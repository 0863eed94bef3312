"""Repetitions summed over an input."""

from __future__ import annotations

from app.classify.counts import Counts, counted
from app.types import ActionEvent


def counts(*events):
    found = Counts()
    for person, label, count in events:
        found.add(ActionEvent(person, label, 0.0, 1.0, 0.9, (), {}, count))
    return str(found)


def test_sums():
    assert counts() == counts((0, "sit_down", None)) == ""
    assert counts((0, "squat", 5), (0, "wave", 3), (0, "squat", 7)) == "squat 12; wave 3"


def test_several_people():
    assert counts((1, "squat", 5), (0, "squat", 7)) == "person 0: squat 7; person 1: squat 5"
    assert counts((1, "squat", 5), (0, "sit_down", None)) == "squat 5"


def test_the_line_in_the_terminal():
    """A count of nothing is said too: the action may not have been recognised."""
    assert [counted(it) for it in ("squat 12", "", None)] == [", counted: squat 12", ", nothing counted", ""]
