"""The counter of a stream says what the whole would say, soon, and keeps little."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.counting import counter
from app.counting.counter import KEEP_S, Counter
from tests.app.counting.figures import bumps, figure, noise, times, waving

SEEN_V = np.ones(25, bool)
STARTS_S = np.arange(1, 19, 2.0)  # nine


def played(counting, times_T, joints_TV3, label="squat", start_s=0.5, every_s=0.2):
    """Push frames, and yield (time, number) every so often."""
    said_s = start_s
    for time_s, joints_V3 in zip(times_T, noise(joints_TV3), strict=True):
        counting.push(float(time_s), joints_V3, SEEN_V)
        if time_s >= said_s + every_s:
            said_s += every_s
            yield float(time_s), counting.count(label, start_s + 1, start_s, float(time_s))


def test_it_counts_up_within_half_a_period():
    times_T = times(20)
    counting, up_s = Counter(), {}
    for time_s, number in played(counting, times_T, figure(bumps(times_T, STARTS_S))):
        up_s.setdefault(number, time_s)
    assert list(up_s) == [None, *range(1, 10)]  # one after the other, none left out
    done_s = STARTS_S + 1.125
    assert all(0 <= up_s[k + 1] - done_s[k] + 0.1 < 0.75 for k in range(9))


def test_its_end_is_what_all_of_it_gives():
    times_T = times(20)
    counting = Counter()
    list(played(counting, times_T, figure(bumps(times_T, STARTS_S))))
    counted = counting.counted("squat", 0.8, 18.7)
    assert counted.count == len(counted.times_s) == 9
    np.testing.assert_allclose(counted.times_s, STARTS_S + 1.125, atol=0.15)


def test_an_action_that_is_longer_than_what_is_kept():
    times_T = times(130, 12)
    starts_s = np.arange(1, 127, 2.0)
    counting = Counter()
    numbers = [number for _, number in played(counting, times_T, figure(bumps(times_T, starts_s)), every_s=2.0)]
    assert numbers == sorted(numbers, key=lambda number: number or 0)  # it never falls
    assert len(counting._frames) <= KEEP_S * 12 + 1
    counted = counting.counted("squat", 0.8, 127.0)
    assert counted.count == 63 and (np.diff(counted.times_s) > 1.5).all()


def test_of_very_many_only_the_last_have_times(monkeypatch):
    monkeypatch.setattr(counter, "MOST_TIMES", 5)
    times_T = times(60, 12)
    counting = Counter()
    list(played(counting, times_T, figure(bumps(times_T, np.arange(1, 57, 2.0))), every_s=2.0))
    counted = counting.counted("squat", 0.8, 58.0)
    assert counted.count == 28 and len(counted.times_s) == 5 and counted.times_s[-1] > 55


def test_another_exercise_begins_at_nothing():
    times_T = times(20)
    arms_T = bumps(times_T, [10, 12, 14])
    counting, numbers = Counter(), []
    joints_TV3 = noise(figure(bumps(times_T, [1, 3, 5, 7]), arms_T, arms_T))
    for k, (time_s, joints_V3) in enumerate(zip(times_T.tolist(), joints_TV3, strict=True)):
        counting.push(time_s, joints_V3, SEEN_V)
        if k % 6 == 5 and time_s > 1.5:
            label, first_s, start_s = ("squat", 1.2, 0.8) if time_s < 9.5 else ("raise_hand", 9.6, 9.5)
            numbers.append((label, counting.count(label, first_s, start_s, time_s)))
    assert {n for label, n in numbers if label == "squat"} == {None, 1, 2, 3, 4}
    assert {n for label, n in numbers if label == "raise_hand"} == {None, 2, 3}
    assert counting.counted("squat", 0.8, 8.7).count == 4
    assert counting.counted("raise_hand", 9.8, 15.7).count == 3
    assert counting.counted("raise_hand", 18.0, 19.0) is None


def test_an_event_that_ends_before_the_movement_has_its_last_one():
    times_T = times(12)
    counting = Counter()
    list(played(counting, times_T, figure(bumps(times_T, [1, 5, 9], 3.0))))
    counted = counting.counted("squat", 1.2, 2.2)  # the first one is at its far point at 2.5 s and back at 4 s
    assert counted.count == 1 and counted.times_s[0] == pytest.approx(3.25, abs=0.15)
    assert counting.counted("squat", 5.2, 11.0).count == 2, "the first one does not count again"


def test_live_it_counts_on_after_a_short_pause():
    """Each slow squat is an event of its own; whoever does them counts on, but not after a long pause."""
    times_T = times(26)
    starts_s = [1.0, 5.0, 9.0, 20.0]
    counting, numbers, told = Counter(), [], 0
    for k, (time_s, joints_V3) in enumerate(zip(times_T.tolist(), noise(figure(bumps(times_T, starts_s, 2.0))))):
        counting.push(time_s, joints_V3, SEEN_V)
        if told < len(starts_s) and time_s > starts_s[told] + 3.0:
            assert counting.counted("squat", starts_s[told], starts_s[told] + 2.0).count == 1
            told += 1
        begun = [s for s in starts_s if s + 0.5 < time_s < s + 2.2]
        if begun and k % 6 == 0:
            numbers.append(counting.count("squat", begun[0] + 0.5, begun[0], time_s))
    said = [number for number, before in zip(numbers, [None, *numbers]) if number != before]
    assert said == [1, 2, 3, None, 1]


def test_what_flickers_counts_nothing_twice():
    """Of an action that comes and goes nothing was told yet, and each time its start reaches back."""
    times_T = times(10)
    counting, numbers = Counter(), []
    for k, (time_s, joints_V3) in enumerate(zip(times_T.tolist(), noise(figure(bumps(times_T, [1, 3, 5, 7]))))):
        counting.push(time_s, joints_V3, SEEN_V)
        first_s = 0.5 * (time_s // 0.5)
        if k % 6 == 5 and time_s > 2.5:
            numbers.append(counting.count("squat", first_s, first_s - 2.0, time_s))
    said = [number for number, before in zip(numbers, [None, *numbers]) if number != before]
    assert said == [1, 2, 3, 4]


def test_a_word_that_flickers_between_makes_no_number_fall():
    times_T = times(14)
    counting, numbers = Counter(), []
    for time_s, joints_V3 in zip(times_T.tolist(), noise(figure(bumps(times_T, [1, 3, 5, 9, 11])))):
        counting.push(time_s, joints_V3, SEEN_V)
        if 8.0 < time_s < 8.3:
            counting.count("lunge", 8.0, 7.9, time_s)
        elif time_s > 2.5:
            first_s = 0.5 if time_s < 8.0 else 8.4
            numbers.append(counting.count("squat", first_s + 0.5, first_s, time_s))
    shown = [number for number, before in zip(numbers, [None, *numbers]) if number != before and number]
    assert shown == [1, 2, 3, 4, 5]


def test_counted_on_it_is_a_number_that_json_takes():
    """Times of events are numpy's at times: what is added up from before must not become one of its numbers."""
    times_T = times(12)
    counting = Counter()
    list(played(counting, times_T, figure(bumps(times_T, [1, 5, 8], 2.0))))
    for start_s in np.array([1.0, 5.0]):
        assert json.dumps(counting.counted("squat", start_s, start_s + 2.0).count) == "1"
    start_s = np.float64(8.0)
    assert json.dumps(counting.count("squat", start_s + 0.5, start_s, 11.0)) == "3"


def test_no_squat_is_counted_of_whoever_stands():
    times_T = times(12)
    counting = Counter()
    assert {number for _, number in played(counting, times_T, figure(0.0 * times_T))} == {None}
    assert counting.counted("squat", 0.8, 11) is None


def test_a_hand_that_writes_makes_no_steps():
    """Small regular movements of one hand, whatever they are taken for."""
    times_T, joints_TV3, down_s = waving(8, 0.6, 0.05)
    counting, held_T = Counter(), (times_T > 1.8) & (times_T < down_s - 1.0)
    list(played(counting, times_T[held_T], joints_TV3[held_T], "walk"))
    assert counting.counted("walk", 1.8, down_s - 1.0) is None


def test_waves_that_are_smaller_than_lifting_the_hand():
    times_T, joints_TV3, down_s = waving(6)
    counting = Counter()
    said = [n for time_s, n in played(counting, times_T, joints_TV3, "wave") if n is not None and time_s < down_s]
    assert said[0] in (2, 3) and said == sorted(said)
    assert abs(counting.counted("wave", 1.2, down_s).count - 6) <= 1


def test_two_people_have_two_counters():
    times_T = times(12)
    one, other = Counter(), Counter()
    list(played(one, times_T, figure(bumps(times_T, [1, 3, 5, 7, 9]))))
    list(played(other, times_T, figure(bumps(times_T, [2, 6]))))
    assert one.counted("squat", 0.8, 11).count == 5 and other.counted("squat", 0.8, 11).count == 2


@pytest.mark.parametrize(("label", "once", "twice"), [
    ("sit_down", None, None), ("idle", None, None), ("walk", None, None),
    ("squat", 1, 2), ("wave", None, 2), ("taught by me", None, 2),
])  # fmt: skip
def test_only_where_an_action_repeats(label, once, twice):
    for starts_s, expected in (([1.0], once), ([1.0, 3.0], twice)):
        times_T = times(6)
        counting = Counter()
        (*_, (_, number)) = played(counting, times_T, figure(bumps(times_T, starts_s)), label)
        counted = counting.counted(label, 0.8, 5.0)
        assert (number, counted and counted.count) == (expected, expected)


def test_it_forgets():
    times_T = times(6)
    counting = Counter()
    list(played(counting, times_T, figure(bumps(times_T, [1, 3]))))
    counting.clear()
    assert counting.counted("squat", 0.8, 5.0) is None


def test_who_flickers_leaves_no_heap():
    counting = Counter()
    for k in range(500):
        counting.push(k / 10, figure(0.0)[0], SEEN_V)
        counting.count("squat", k / 10, k / 10, k / 10)
    assert len(counting._runs) <= counter.MOST_RUNS
