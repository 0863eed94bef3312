"""Repetitions are counted when they are half way back, and what only looks like one is not."""

from __future__ import annotations

import numpy as np
import pytest

from app.counting.repetitions import FOUND_OUT, IN_TURN, TOGETHER, repetitions
from models.skeleton import JOINTS
from tests.app.counting.figures import bumps, figure, noise, times, waving

SIX = [1.0, 3.0, 5.0, 7.0, 9.0, 11.0]  # squats of a second and a half each begin then


def counted(times_T, joints_TV3, seen_TV=None, sides=FOUND_OUT):
    seen_TV = np.ones(joints_TV3.shape[:2], bool) if seen_TV is None else seen_TV
    return repetitions(times_T, noise(joints_TV3), seen_TV, sides)[:, 1]


def squats(starts_s=SIX, seconds=13.0, fps=30.0, **more):
    times_T = times(seconds, fps)
    return times_T, figure(bumps(times_T, starts_s), **more)


@pytest.mark.parametrize("fps", [8, 12, 25, 30, 60])
def test_at_any_rate_when_more_than_half_of_the_way_back(fps):
    """The deepest point is 0.75 s after the start, and half of the way back 1.125 s."""
    np.testing.assert_allclose(counted(*squats(fps=fps)), np.array(SIX) + 1.125, atol=0.15)


def test_far_points_and_the_way_back():
    times_T, joints_TV3 = squats()
    far_s, back_s = repetitions(times_T, noise(joints_TV3), np.ones(joints_TV3.shape[:2], bool)).T
    np.testing.assert_allclose(far_s, np.array(SIX) + 0.75, atol=0.15)
    np.testing.assert_allclose(back_s - far_s, 0.375, atol=0.15)


def test_starts_pauses_and_a_changing_pace():
    times_T = times(30)
    depth_T = bumps(times_T, [4, 6, 8], 1.8) + bumps(times_T, [16, 17, 18, 19], 0.9) + bumps(times_T, [22, 26], 3.5)
    assert len(counted(times_T, figure(depth_T))) == 9


def test_deep_ones_and_shallow_ones():
    times_T = times(13)
    depth_T = bumps(times_T, SIX[::2]) + 0.5 * bumps(times_T, SIX[1::2])
    assert len(counted(times_T, figure(depth_T))) == 6


@pytest.mark.parametrize(("from_s", "until_s", "number"), [
    (1.0, 12.5, 6),
    (2.0, 12.5, 5),  # the way out of the first is cut off
    (1.0, 11.7, 5),  # of the last there is only the way out
    (1.0, 12.4, 6),  # it is nearly up: counted, so that the last one is never missing
])  # fmt: skip
def test_half_ones_do_not_count(from_s, until_s, number):
    times_T, joints_TV3 = squats()
    some_T = (times_T >= from_s) & (times_T <= until_s)
    assert len(counted(times_T[some_T], joints_TV3[some_T])) == number


def test_hovering_at_any_depth_counts_once():
    times_T = times(15)
    hover_T = 0.55 + 0.06 * np.sin(2 * np.pi * 1.5 * times_T)
    depth_T = np.where((times_T > 3.75) & (times_T < 10.75), np.minimum(hover_T, 1), bumps(times_T, [1, 13], 1.5))
    assert len(counted(times_T, figure(depth_T))) == 3


def test_getting_into_position_does_not_count():
    """Somebody lifts both arms and lowers them, then squats."""
    times_T = times(14)
    arms_T = bumps(times_T, [0.2], 1.5)
    times_s = counted(times_T, figure(bumps(times_T, [2.5, 4.5, 6.5, 8.5, 10.5]), arms_T, arms_T))
    assert len(times_s) == 5 and times_s[0] > 3


def test_arms_that_swing_do_not_count():
    times_T = times(13)
    swing_T = 0.12 * np.sin(2 * np.pi * 1.2 * times_T)
    assert len(counted(times_T, figure(bumps(times_T, SIX), swing_T, -swing_T), sides=TOGETHER)) == 6
    standing_T = 0.02 * np.sin(2 * np.pi * 1.2 * times_T)
    assert len(counted(times_T, figure(0.0 * times_T, standing_T, -standing_T))) == 0


@pytest.mark.parametrize("number", [0, 3, 6])
def test_small_waves_of_a_hand_that_is_lifted_first(number):
    """Lifting and lowering the hand is the largest movement, and one; the waves are what is counted."""
    times_T, joints_TV3, down_s = waving(number)
    seen_TV = np.ones(joints_TV3.shape[:2], bool)
    found = repetitions(times_T, noise(joints_TV3), seen_TV, action_s=(1.2, down_s))
    assert abs(len(found) - max(number, 1)) <= 1
    assert number or len(found) == 1, "a hand that is held up is no wave"


def test_presses_on_the_floor_after_getting_down():
    """Somebody gets down and up again, as for push-ups: what was taught is what is done down there."""
    times_T = times(20)
    down_T = np.clip((times_T - 1) / 1.5, 0, 1) - np.clip((times_T - 17) / 1.5, 0, 1)
    presses_T = bumps(times_T, [4, 6, 8, 10, 12, 14], 1.6)
    joints_TV3 = figure(1.2 * down_T + 0.25 * presses_T * (down_T == 1))
    found = repetitions(times_T, noise(joints_TV3), np.ones(joints_TV3.shape[:2], bool), action_s=(2.0, 17.5))
    assert len(found) == 6


def test_standing_still_does_not_count():
    times_T = times(20)
    assert len(counted(times_T, figure(0.0 * times_T))) == 0


def test_walking_through_the_picture_is_no_movement():
    times_T, joints_TV3 = squats([])
    assert len(counted(times_T, joints_TV3 + (times_T[:, None, None] * [0.8, 0, 0]).astype(np.float32))) == 0


def test_each_side_counts():
    """One arm, the other one, both at once."""
    times_T = times(10)
    left_T, right_T = bumps(times_T, [1, 5, 7]), bumps(times_T, [3, 7])
    assert len(counted(times_T, figure(0.0 * times_T, left_T, right_T))) == 4


@pytest.mark.parametrize("sides", [IN_TURN, FOUND_OUT])
def test_sides_against_each_other_are_steps(sides):
    """Five seconds at 0.9 Hz: two steps a cycle, those at the ends half."""
    times_T = times(5)
    found = counted(times_T, figure(0.0 * times_T, step_T=np.sin(2 * np.pi * 0.9 * times_T)), sides=sides)
    assert len(found) == pytest.approx(9, abs=1)
    np.testing.assert_allclose(np.diff(found)[1:-1], 1 / 1.8, atol=0.1)


def test_a_body_of_which_half_is_seen():
    times_T = times(10)
    joints_TV3 = figure(0.0 * times_T, right_T=bumps(times_T, [1, 3, 5, 7]))
    seen_TV = np.ones(joints_TV3.shape[:2], bool)
    seen_TV[
        :, [v for v, name in enumerate(JOINTS) if name.split("_")[-1] in ("knee", "ankle", "foot", "hip", "pelvis")]
    ] = False
    joints_TV3[~seen_TV] = 9  # what is not seen lies anywhere
    assert len(counted(times_T, joints_TV3, seen_TV)) == 4


def test_losses_are_bridged():
    times_T, joints_TV3 = squats()
    seen_TV = np.random.default_rng(0).random(joints_TV3.shape[:2]) > 0.2
    joints_TV3[~seen_TV] = 9
    joints_TV3[:, JOINTS.index("spine_shoulder")], seen_TV[:, JOINTS.index("spine_shoulder")] = squats()[1][:, 20], True
    assert len(counted(times_T, joints_TV3, seen_TV)) == 6


@pytest.mark.parametrize("frames", [0, 1, 2, 5])
def test_too_little_counts_nothing(frames):
    times_T, joints_TV3 = squats()
    assert len(counted(times_T[:frames], joints_TV3[:frames])) == 0


def test_whoever_stands_askew_counts_alike():
    times_T, joints_TV3 = squats()
    for angle in np.radians([45, 90, 200]):
        c, s = np.cos(angle), np.sin(angle)
        turned_TV3 = (joints_TV3 @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])).astype(np.float32)
        assert len(counted(times_T, turned_TV3)) == 6
