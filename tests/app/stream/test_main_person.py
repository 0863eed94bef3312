"""The nearest person is the main one, and stays so."""

from __future__ import annotations

import pytest

from app.stream.main_person import Nearest, note_people
from tests.app.helpers import pose


def choose(frames, step_s=0.1):
    """The main person's number after each frame of [{number: width of their box}, ...]."""
    nearest = Nearest()
    pose_of = lambda time_s, number, width: pose(time_s, (0.1 * number, 0.2, 0.1 * number + width, 0.8))  # noqa: E731
    return [
        nearest.choose(i * step_s, {n: pose_of(i * step_s, n, width) for n, width in people.items()})
        for i, people in enumerate(frames)
    ]


def test_largest_is_followed_first():
    assert choose([{0: 0.1, 1: 0.2}]) == [1]
    assert choose([{}, {}]) == [-1, -1]


def test_people_of_a_size_do_not_take_turns():
    assert set(choose([{0: 0.2}] + [{0: 0.2, 1: 0.21}, {0: 0.22, 1: 0.21}] * 20)) == {0}


@pytest.mark.parametrize(("frames_larger", "main"), [(5, 0), (6, 1), (12, 1)])
def test_a_clearly_nearer_person_takes_over_after_half_a_second(frames_larger, main):
    assert choose([{0: 0.2}] + [{0: 0.2, 1: 0.3}] * frames_larger + [{0: 0.2, 1: 0.21}])[-1] == main


def test_being_larger_in_bursts_is_not_enough():
    assert set(choose([{0: 0.2}] + ([{0: 0.2, 1: 0.3}] * 4 + [{0: 0.2, 1: 0.21}]) * 5)) == {0}


@pytest.mark.parametrize(("frames_gone", "main"), [(5, 0), (6, 1)])
def test_another_takes_over_when_the_main_one_is_gone(frames_gone, main):
    assert choose([{0: 0.2}] + [{1: 0.1}] * frames_gone)[-1] == main


def test_nobody_in_view_changes_nothing():
    assert choose([{0: 0.2}] + [{}] * 9 + [{0: 0.2, 1: 0.25}]) == [0] * 11


@pytest.mark.parametrize(("found", "says"), [(0, "no person"), (1, ""), (2, "2 people: the nearest is shown large")])
def test_note(found, says):
    assert note_people(found) == says
