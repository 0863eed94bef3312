"""What corrected events teach, and whether the recordings are called better by it."""

from __future__ import annotations

import numpy as np
import pytest

from app.corrections.compare import compare
from app.corrections.correction import checked, made_event
from app.corrections.examples import MOST_OF_EVENT, MOST_OF_RECORDING, MOST_REST, Taught, lacking, rest_of, to_teach
from app.corrections.learn import Corrected, _harmful, _useless, _without, learn
from app.corrections.replay import Remembered, Replay
from tests.app.teach.helpers import FPS, MotionModel, poses_of, recording_of, still
from training.drawing.motions import make_motion


def taught_by(said, truth, taught=()):
    compared = compare(said, truth)
    return to_teach(compared, truth, lacking(compared, truth), taught, 2.5)


def event(label, start, end, person=0):
    return made_event(person, label, start, end)


def test_right_false_and_missed():
    truth = [event("wave", 1, 3), event("bow", 4, 5), event("idle", 5, 8), event("wave", 9, 10, person=1)]
    said = [event("wave", 1.5, 3.5), event("bow", 6, 7), event("wave", 9, 10)]
    found = compare(said, truth)
    assert found.right == (said[0],) and found.false == (said[1], said[2])
    assert found.missed == (truth[1], truth[3]) and found.wrong == 4
    assert (found + found).wrong == 8 and compare([], []).wrong == 0


def test_what_was_missed_and_what_was_wrongly_said_teaches():
    truth = [event("wave", 1, 3), event("salute", 4, 5)]
    said = [event("wave", 1, 3), event("wave", 4, 5), event("bow", 6, 7)]
    taught = taught_by(said, truth)
    assert [(one.label, one.counter, one.start_s) for one in taught] == [
        ("salute", False, 4),
        ("other", False, 5.5),
        ("other", False, 6.5),
    ]
    taught = taught_by(said, truth, ("bow",))
    assert [(one.label, one.counter, one.start_s) for one in taught] == [("salute", False, 4), ("bow", True, 6)]


def test_what_is_right_teaches_nothing_and_idle_is_taught_where_it_was_mistaken():
    right = [event("wave", 1, 3)]
    assert taught_by(right, right) == []
    truth = [event("idle", 0, 4), event("idle", 6, 9)]
    taught = taught_by([event("wave", 1, 3)], truth)
    assert [one.label for one in taught] == 3 * ["idle"]
    assert [one.start_s for one in taught] == pytest.approx([0, 4 / 3, 8 / 3])


def test_a_long_event_gives_few_examples_spread_over_it():
    truth = [event("wave", 0, 100)]
    taught = taught_by([], truth)
    assert len(taught) == MOST_OF_EVENT and taught[0].start_s == 0 and taught[-1].end_s == 100
    assert all(one.end_s - one.start_s == pytest.approx(2.5) for one in taught)
    many = [event("wave", k, k + 0.5) for k in range(500)]
    assert len(taught_by([], many)) == MOST_OF_RECORDING


def test_the_rest_of_a_recording_is_what_nothing_of_it_is():
    times = {0: np.arange(0, 60, 0.1), 1: np.arange(0, 2, 0.1)}
    rest = rest_of(times, [Taught("wave", False, 0, 20.0, 40.0)], 2.5)
    assert len(rest) == MOST_REST and {one.label for one in rest} == {""} and {one.person for one in rest} == {0}
    assert all(one.counter and (one.end_s <= 20 or one.start_s >= 40) for one in rest)
    assert rest[0].start_s == 0 and rest[-1].end_s > 55
    assert rest_of({0: np.arange(0, 3, 0.1)}, [Taught("wave", False, 0, 0.0, 1.0)], 2.5) == []


def replay_of(*joints) -> Replay:
    replay = Replay()
    for time_s, poses in poses_of(recording_of(*joints)):
        replay.add(time_s, poses)
    return replay


def salutes(name: str, seed: int) -> Corrected:
    """Two bows of 1.5 s, which the model does not name."""
    bow = make_motion("bow", 1.5, FPS, seed)
    replay = replay_of(still(2), bow, still(2), make_motion("bow", 1.5, FPS, seed + 1), still(2))
    events = [event("my bow", 2.0, 3.5), event("my bow", 5.5, 7.0)]
    return Corrected(checked(name, events, replay.end_s), replay.frames)


def test_a_replay_is_what_was_added():
    given = poses_of(recording_of(make_motion("bow", 2.0, FPS, 0)), more=1)
    replay = Replay()
    for time_s, poses in given:
        replay.add(time_s, poses)
    for _ in range(2):
        played = list(replay.frames())
        assert [frame.time_s for frame in played] == pytest.approx([time_s for time_s, _ in given], abs=1e-6)
        assert all(len(frame.poses) == 2 for frame in played)
        assert abs(played[9].poses[0].world_V3 - given[9][1][0].world_V3).max() < 2e-4
    assert 0 < replay.size < 100_000


def test_windows_are_scored_once():
    asked = []

    class Counting(MotionModel):
        def __call__(self, joints_NTV3, frames_N):
            asked.append(len(joints_NTV3))
            return super().__call__(joints_NTV3, frames_N)

    model, windows = Remembered(Counting()), np.random.default_rng(0).normal(size=(3, 50, 25, 3)).astype(np.float32)
    first = model(windows[:2], np.full(2, 75, np.float32))
    again = model(windows[::-1], np.full(3, 75, np.float32))
    assert asked == [2, 1] and (again.embedding_ND[1:] == first.embedding_ND[::-1]).all()


def test_a_new_label_is_learnt_and_the_second_time_there_is_nothing_new(teacher):
    given = [salutes("a.mp4", 40), salutes("b.mp4", 50)]
    learnt = learn(teacher, None, given)
    assert learnt.before.wrong == 4 and learnt.added == {"my bow": 4}
    assert learnt.after.wrong < learnt.before.wrong and not learnt.worse
    assert learnt.said.startswith(f"better: 4 wrong events before, {learnt.after.wrong} after; ")
    assert learnt.unseen is not None and len(learnt.events) == 2
    (verdict,) = learnt.verdicts
    assert verdict.action == "my bow" and verdict.examples == 4
    again = learn(teacher, learnt.pack, given)
    assert "my bow" not in again.added, "these examples are in the pack already"


def test_what_is_wrongly_said_is_taught_as_something_else(waver):
    replay = replay_of(still(2), make_motion("squat", 4.0, FPS, 3), still(2))
    given = Corrected(checked("a.mp4", []), replay.frames)
    learnt = learn(waver, None, [given])
    assert [e.label for e in learnt.before.false] == ["wave"]
    assert learnt.pack.corrects == ("other",) and set(learnt.added) == {"other"}
    assert learnt.after.wrong == 0 and learnt.said == "better: 1 wrong event before, 0 after"


def test_examples_that_make_nothing_better_are_left_out(waver):
    useless = _useless({"wave", "bow"}, waver.model, compare([], []), compare([], []))
    assert useless == {"wave"}, "a new name is kept: more examples may come"
    false = compare([event("wave", 1, 3)], [])
    assert _useless({"other"}, waver.model, false, compare([], [])) == set()
    assert _useless({"wave"}, waver.model, compare([], []), false) == {"wave"}
    assert _harmful({"wave", "bow"}, waver.model, compare([], []), false) == {"wave"}
    assert _harmful({"wave"}, waver.model, compare([], []), compare([], [])) == set(), "not seen elsewhere: no harm"


def test_examples_that_are_left_out_show_what_the_others_are_not():
    clip = np.zeros((1, 25, 3))
    pieces = [
        (Taught(label, counter, 0, 0, 1), clip) for label, counter in (("wave", False), ("wave", True), ("x", False))
    ]
    left = [(one.label, one.counter) for one, _ in _without({"wave"}, pieces)]
    assert left == [("", True), ("x", False)]


def test_nothing_to_learn(waver):
    replay = replay_of(still(2), make_motion("squat", 4.0, FPS, 3), still(2))
    learnt = learn(waver, None, [Corrected(checked("a.mp4", [event("waving", 2.0, 6.0)]), replay.frames)])
    assert learnt.added == {} and learnt.before.wrong == 0, "the model's words stand for its labels"
    assert learnt.said == "nothing to learn: every corrected event is called right already"
    assert not learnt.pack.actions
    nobody = learn(
        waver, None, [Corrected(checked("a.mp4", [event("bow", 2, 6, person=7)]), replay_of(still(4)).frames)]
    )
    assert nobody.said.startswith("nothing to learn: nobody moves")
