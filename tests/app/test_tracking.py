"""The nearest person is followed, and stays followed."""

from __future__ import annotations

import pytest

from app.tracking import NearestPerson, distinct, note_people
from tests.app.helpers import pose


def box(centre, width, height=0.6):
    return centre - width / 2, 0.5 - height / 2, centre + width / 2, 0.5 + height / 2


def follow(frames, step_s=0.1):
    """Centres (x) of the followed person and their number after each frame of [(centre, width), ...]."""
    tracker, seen = NearestPerson(), []
    for i, people in enumerate(frames):
        picked = tracker.pick(i * step_s, [pose(i * step_s, box(*p)) for p in people])
        seen.append((None if picked is None else round((picked.box[0] + picked.box[2]) / 2, 2), tracker.person))
    return seen


LEFT, RIGHT = (0.2, 0.2), (0.8, 0.21)


def test_largest_is_followed_first():
    assert follow([[(0.2, 0.1), (0.8, 0.2)]]) == [(0.8, 0)]


def test_order_of_the_poses_does_not_matter():
    frames = [[(0.2, 0.3), (0.8, 0.2)], [(0.8, 0.2), (0.2, 0.3)]] * 5
    assert follow(frames) == [(0.2, 0)] * 10


def test_people_of_a_size_do_not_take_turns():
    frames = [[LEFT]] + [[LEFT, RIGHT], [RIGHT, (0.2, 0.22)]] * 20
    assert set(follow(frames)) == {(0.2, 0)}


@pytest.mark.parametrize(("frames_larger", "switched"), [(5, False), (6, True), (12, True)])
def test_a_clearly_nearer_person_takes_over_after_half_a_second(frames_larger, switched):
    frames = [[LEFT]] + [[LEFT, (0.8, 0.3)]] * frames_larger + [[LEFT, RIGHT]]
    assert follow(frames)[-1] == ((0.8, 1) if switched else (0.2, 0))


def test_being_larger_in_bursts_is_not_enough():
    frames = [[LEFT]] + ([[LEFT, (0.8, 0.3)]] * 4 + [[LEFT, RIGHT]]) * 5
    assert set(follow(frames)) == {(0.2, 0)}


@pytest.mark.parametrize(("frames_gone", "last"), [(5, (None, 0)), (6, (0.8, 1))])
def test_another_is_followed_when_the_person_is_gone(frames_gone, last):
    assert follow([[LEFT]] + [[RIGHT]] * frames_gone)[-1] == last


def test_a_short_loss_keeps_the_person():
    assert follow([[LEFT], [], [], [], [LEFT]]) == [(0.2, 0), (None, 0), (None, 0), (None, 0), (0.2, 0)]


def test_walking_across_keeps_the_person():
    frames = [[(0.1 + 0.02 * i, 0.2), (0.9, 0.15)] for i in range(40)]
    assert {person for _, person in follow(frames)} == {0}


@pytest.mark.parametrize(("found", "says"), [(0, "no person"), (1, ""), (2, "2 people: following the nearest")])
def test_note(found, says):
    assert note_people(found) == says


def test_a_body_found_twice_counts_once():
    body, same, other = pose(0, box(0.3, 0.2)), pose(0, box(0.31, 0.21)), pose(0, box(0.5, 0.2))
    assert distinct([body, same, other]) == [body, other]
    assert distinct([]) == []
