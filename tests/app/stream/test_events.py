"""Stretches become events where the movement was; of two on one movement the one with more behind it stays."""

from __future__ import annotations

import numpy as np
import pytest

from app.counting.counter import Counter
from app.stream.decision import Stretch
from app.stream.events import Timeline

LABELS, MODALITIES, WINDOW_S = ("wave", "squat", "idle"), ("joint", "bone", "motion"), 2.0


class Still:
    """Leaves every edge where it is; an open end reaches as far as it may."""

    def start(self, earliest_s, start_s, end_s, open_ended=False):
        return earliest_s if open_ended else start_s

    def end(self, start_s, end_s, latest_s, open_ended=False):
        return latest_s if open_ended else end_s


def stretch(label, start_s, end_s, score=0.8, windows=None):
    """Windows every 0.2 s that end a second after what they speak of."""
    one, fused_C = Stretch(LABELS.index(label), start_s + 1, start_s, (3, 3)), np.full(3, (1 - score) / 2)
    fused_C[one.label] = score
    for time_s in np.arange(start_s, end_s + 1e-6, 0.2)[:windows]:
        one.add(time_s + 1, time_s, fused_C, np.stack([fused_C, fused_C / 2, fused_C / 4]))
    return one


def play(*stretches, since_s=-10.0, until_s=30.0):
    """Events of stretches that come in turn, each ended a second and a half after it speaks of."""
    timeline, events = Timeline(3, LABELS, MODALITIES, Still(), Counter()), []
    times = iter(np.arange(0, until_s, 0.2))
    for one in stretches:
        for time_s in times:
            current = one if one.first_s <= time_s else None
            if time_s > one.last_s + 0.3:
                events += timeline.step(time_s, one, None, since_s, WINDOW_S)
                break
            events += timeline.step(time_s, None, current, since_s, WINDOW_S)
    for time_s in times:
        events += timeline.step(time_s, None, None, since_s, WINDOW_S)
    return events + timeline.finish(None, since_s, until_s, WINDOW_S)


def said(events):
    return [(e.label, pytest.approx(e.start_s, abs=0.11), pytest.approx(e.end_s, abs=0.11)) for e in events]


def test_an_event_and_its_scores():
    (event,) = play(stretch("wave", 4, 7))
    assert (event.person, event.label, event.start_s) == (3, "wave", 4) and event.end_s == pytest.approx(7)
    assert event.score == pytest.approx(0.8)
    assert [label for label, _ in event.top3] == ["wave", "squat", "idle"]
    assert event.modality_scores == pytest.approx({"joint": 0.8, "bone": 0.4, "motion": 0.2})


def test_two_that_do_not_touch_are_two():
    assert said(play(stretch("wave", 4, 6), stretch("squat", 8, 9))) == [("wave", 4, 6), ("squat", 8, 9)]


def test_of_two_on_one_movement_the_one_with_more_behind_it_stays():
    edge, whole = stretch("squat", 4.0, 5.0), stretch("wave", 4.2, 7.0)
    assert said(play(edge, whole)) == [("wave", 4.2, 7)]
    assert said(play(stretch("wave", 4.0, 7.0), stretch("squat", 6.0, 7.2, 0.6))) == [("wave", 4, 7)]


def test_two_that_overlap_a_little_share_the_time():
    assert said(play(stretch("wave", 4, 6.2), stretch("squat", 6, 9))) == [("wave", 4, 6.1), ("squat", 6.1, 9)]


def test_the_same_again_at_once_is_one_event():
    (event,) = play(stretch("wave", 4, 6, 0.6), stretch("wave", 6.2, 9, 0.9))
    assert said([event]) == [("wave", 4, 9)] and 0.7 < event.score < 0.85
    assert len(play(stretch("wave", 4, 6), stretch("wave", 6.6, 9))) == 2


def test_a_flicker_is_no_event():
    assert play(stretch("wave", 4, 4.4)) == [] and len(play(stretch("wave", 4, 4.6))) == 1


def test_an_event_is_given_soon_after_its_end():
    timeline, one = Timeline(0, LABELS, MODALITIES, Still(), Counter()), stretch("wave", 4, 6)
    assert timeline.step(7.2, one, None, -10, WINDOW_S) == []
    assert timeline.step(7.8, None, None, -10, WINDOW_S) == []
    assert len(timeline.step(8.2, None, None, -10, WINDOW_S)) == 1
    assert timeline.step(8.4, None, None, -10, WINDOW_S) == [] == timeline.finish(None, -10, 9, WINDOW_S)


def test_it_is_given_while_another_goes_on():
    timeline, one, long = (
        Timeline(0, LABELS, MODALITIES, Still(), Counter()),
        stretch("wave", 4, 6),
        stretch("squat", 7, 20),
    )
    timeline.step(7.2, one, None, -10, WINDOW_S)
    assert timeline.step(8.0, None, long, -10, WINDOW_S) == []  # its start is not known yet
    assert said(timeline.step(9.0, None, long, -10, WINDOW_S)) == [("wave", 4, 6)]


def test_from_the_first_moment_to_the_last():
    timeline, one = Timeline(0, LABELS, MODALITIES, Still(), Counter()), stretch("wave", 0.4, 4)
    (event,) = timeline.finish(one, 0.1, 5.5, WINDOW_S)
    assert (event.start_s, event.end_s) == (0.1, 5.5)
