"""What a person corrected is counted anew: under its new label, between its new edges, each repetition once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.corrections import recount
from app.corrections.correction import made_event
from app.corrections.recount import movement_of, recounted
from app.corrections.replay import Replay
from app.teach.examples import Demonstration
from tests.app.counting.figures import bumps, figure, noise, times
from tests.app.teach.helpers import poses_of

STARTS_S = np.arange(1, 17, 2.0)  # eight squats, of which each is deepest 0.75 s after it began


def moving(starts_s=STARTS_S, seconds=20.0) -> Demonstration:
    times_T = times(seconds)
    joints_TV3 = noise(figure(bumps(times_T, starts_s)))
    return Demonstration(times_T, joints_TV3, np.ones(joints_TV3.shape[:2], bool))


SQUATS = movement_of({0: moving()})


def numbers(*events, movement=SQUATS, found=()) -> list[int | None]:
    return [event.count for event in recounted(events, movement, found)]


def squats(start_s, end_s, label="squat", person=0):
    return made_event(person, label, start_s, end_s)


def test_a_new_label_a_new_edge_and_a_new_event():
    assert numbers(squats(0.8, 17)) == [8]
    assert numbers(squats(0.8, 17, "lunge"), squats(0.8, 17, "my own squat")) == [8, 8]
    assert numbers(squats(0.8, 8.8), squats(6.8, 10.8, "lunge")) == [4, 2]
    (event,) = recounted([squats(0.8, 17)], SQUATS)
    np.testing.assert_allclose(event.repetitions_s, STARTS_S + 1.125, atol=0.15)


def test_what_is_done_once_and_what_does_not_repeat_has_no_number():
    assert numbers(*(squats(0.8, 17, label) for label in ("sit_down", "idle", "other"))) == 3 * [None]
    assert numbers(squats(17.5, 19.5)) == [None]
    assert numbers(squats(2.8, 4.8, "clap")) == [None]  # one alone does not repeat
    stale = replace(squats(0.8, 17, "sit_down"), count=3, repetitions_s=(1.0, 2.0, 3.0))
    assert recounted([stale], SQUATS)[0].repetitions_s == () and numbers(stale) == [None]


@pytest.mark.parametrize("cut_s", np.arange(4.0, 12.0, 0.33).round(2).tolist())
@pytest.mark.parametrize("label", ["squat", "lunge"])
def test_a_split_gives_each_repetition_to_one_part_and_a_merge_gives_them_back(cut_s, label):
    """Also where the cut lies just before or after the deepest point of one."""
    one, other = numbers(squats(0.8, cut_s), squats(cut_s, 17, label))
    assert one + other == 8
    assert one == np.sum(cut_s > STARTS_S + 0.75)


def test_what_somebody_else_does_beside_it_takes_nothing_away():
    two = movement_of({0: moving(), 1: moving(STARTS_S[:3])})
    assert numbers(squats(0.8, 9), squats(9, 17, person=1), squats(0.8, 9, person=1), movement=two) == [4, None, 3]
    assert numbers(squats(0.8, 9, person=7), movement=two) == [None]  # whom nobody saw


def test_what_is_left_as_it_was_found_keeps_its_number():
    found = [replace(squats(0.8001, 17), count=5, repetitions_s=(1.0,))]
    assert numbers(squats(0.8, 17), squats(0.8, 17, "lunge"), found=found) == [5, 8]
    assert numbers(squats(0.8, 16.9), found=found) == [8]


def test_each_stretch_is_counted_once_and_not_too_many_at_a_time(monkeypatch):
    asked, known = [], {}

    def movement(person, from_s, to_s):
        asked.append(person)
        return SQUATS(person, from_s, to_s)

    for _ in range(2):
        (event,) = recounted([squats(0.8, 17)], movement, known=known)
        assert event.count == 8 and len(asked) == 1
    monkeypatch.setattr(recount, "MOST_S", 20.0)
    many = [squats(0.8, 17, f"a{k}") for k in range(4)]
    assert [event.count for event in recounted(many, movement, known=known)] == [8, 8, None, None]
    assert [event.count for event in recounted(many, movement, known=known)] == 4 * [8]
    monkeypatch.setattr(recount, "MOST_EVENTS", 1)
    assert numbers(*many) == [8, None, None, None]


def test_the_joints_of_a_replay_are_those_of_each_person():
    """Of two people in the pictures, whose order changes, and of more frames than one piece of it holds."""
    replay, squatting, standing = Replay(), moving(STARTS_S, 40.0), moving([], 40.0)
    for k, ((time_s, one), (_, other)) in enumerate(zip(poses_of(squatting), poses_of(standing), strict=True)):
        turned = k % 2
        replay.add(time_s, (one + other)[:: -1 if turned else 1], (3, 4)[:: -1 if turned else 1])
    assert numbers(squats(0.8, 17, person=3), squats(0.8, 17, person=4), movement=replay.movement) == [8, None]
    some = replay.movement(3, 33.0, 36.0).times_T  # over the border of two pieces, at 34.1 s
    assert some[0] == pytest.approx(33.0, abs=0.02) and some[-1] == pytest.approx(36.0, abs=0.02)
    assert len(some) == pytest.approx(90, abs=1) and len(replay.movement(0, 0, 40).times_T) == 0
