"""Joined recordings have the repetitions that they say, and the rows say how far off the counts are."""

from __future__ import annotations

import numpy as np
import pytest

from models.clips import Clip, write_clips
from tests.app.counting.figures import bumps, figure, times
from training.judging.repetitions import FADE, HOLD, counted, joined, judge_joined


@pytest.fixture
def data(tmp_path):
    """Five squats and five lifted arms of one person of either half."""
    times_T = times(2.0)
    out_T = bumps(times_T, [0.1], 1.8)
    squat_TV3, lift_TV3 = figure(out_T), figure(0 * out_T, out_T, out_T)
    clips = [
        Clip(joints_TV3, 30.0, label, action, subject)
        for subject in (1, 6)
        for joints_TV3, label, action in ((squat_TV3, "deep squat", "squat"), (lift_TV3, "sit to stand", "stand_up"))
        for _ in range(5)
    ]
    (tmp_path / "skeletons").mkdir()
    write_clips(tmp_path / "skeletons" / "ui_prmd.npz", clips)
    return tmp_path


def test_each_person_and_movement_is_joined_in_four_ways(data):
    found = list(joined(data, "val"))
    ways = [(HOLD, False), (HOLD, True), (FADE, False), (FADE, True)]
    assert [(one.movement, one.join, one.cut) for one in found[:4]] == [("deep squat", *way) for way in ways]
    assert len(found) == 8 and all(len(one.joints_TV3) == len(one.seen_TV) for one in found)
    assert all(2 <= one.number <= 5 for one in found)
    again = list(joined(data, "val"))
    assert all(np.array_equal(a.joints_TV3, b.joints_TV3) for a, b in zip(found, again, strict=True))


def test_rows_of_movements_and_of_the_goal(data):
    rows = {row.what: row for row in judge_joined(joined(data, "test"))}
    assert rows["deep squat"].recordings == 4 and rows["sit to stand"].recordings == 4
    assert rows["squat, lunge, raise_hand: all"].recordings == 4 and rows["... fade, cut"].recordings == 1
    assert all((row.mae, row.off_by_one, row.bias) == (0.0, 1.0, 0.0) for row in rows.values())


def test_what_is_told_of_a_recording_that_is_too_short():
    assert counted(np.zeros(1), figure(0.0), np.ones((1, 25), bool), "squat") == 0
