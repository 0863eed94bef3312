"""Stillness to train on: what moves is left out, short pieces become long ones that are still."""

from dataclasses import replace

import numpy as np

from models.labels import IDLE
from training.data.stillness import LASTS_S, is_still, peak_speed, settled, speeds
from training.data.tracks import Track
from training.drawing.motions import make_motion


def _track(action=IDLE, seconds=0.7, seed=3, domain="raw", calm=0.0):
    joints = make_motion("wave" if action != IDLE else IDLE, seconds, 30.0, seed)
    joints = joints[:1] + calm * (joints - joints[:1])
    return Track(np.arange(len(joints)) / 30, joints, np.ones(joints.shape[:2], bool), action, "train", "set", domain)


def test_speeds_are_metres_a_second_of_the_fastest_joints():
    joints = np.zeros((31, 25, 3), np.float32)
    joints[:, 4:9, 0] = np.linspace(0, 0.6, 31)[:, None]
    times_T = np.linspace(0, 1, 31)
    np.testing.assert_allclose(speeds(times_T, joints, np.ones((31, 25), bool)), 0.6, rtol=1e-4)
    seen = np.ones((31, 25), bool)
    seen[:, 4:9] = False
    assert speeds(times_T, joints, seen).max() == 0


def test_a_track_that_jumps_from_frame_to_frame_has_a_speed_and_one_frame_has_none():
    assert speeds(np.zeros(1), np.ones((1, 25, 3)), np.ones((1, 25), bool)).tolist() == [0]
    joints = np.zeros((2, 25, 3))
    joints[1, :5, 1] = 0.1
    assert speeds(np.array([0, 0.1]), joints, np.ones((2, 25), bool))[0] > 0.5


def test_what_moves_is_no_stillness():
    assert is_still(_track()) and not is_still(replace(_track("wave", 2.0, calm=1.0), action=IDLE))


def test_short_pieces_are_joined_into_long_stillness():
    pieces = [_track(seed=seed, calm=0.3) for seed in range(12)]
    wave, lively = _track("wave", 2.0, calm=1.0), replace(_track("wave", 2.0, calm=1.0), action=IDLE)
    first, again = settled([*pieces, wave, lively]), settled([*pieces, wave, lively])
    still = [track for track in first if track.action == IDLE]
    assert first[0] is wave and 0 < len(still) < 12
    assert all(track.seconds > LASTS_S[0] and peak_speed(track) < 0.5 for track in still)
    assert all((np.diff(track.times_T) > 0).all() for track in still)
    assert all((a.joints_TV3 == b.joints_TV3).all() for a, b in zip(first, again, strict=True))


def test_stillness_that_is_long_stays_as_it_is():
    long = _track(seconds=4.0, calm=0.2)
    assert settled([long]) == [long]
