"""Numbers as text for the page, and tracks that stay small however long the recording."""

from __future__ import annotations

import base64
import json

import numpy as np

from app.page.wire import JOINT_STEP, POSE_STEP, PoseTrack, pack, pack_pose
from app.types import PersonState
from tests.app.helpers import pose


def unpack(text: str, step: float = 1.0) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<i2") * step


def person(number: int, time_s: float, main: bool = False) -> PersonState:
    return PersonState(number, main, pose(time_s, (0.1, 0.2, 0.3 + time_s / 100, 0.9)), None, 0.0, None, None)


def test_there_and_back():
    numbers = np.random.default_rng(0).uniform(-3, 3, (4, 25, 3))
    assert np.abs(unpack(pack(numbers, JOINT_STEP), JOINT_STEP) - numbers.ravel()).max() <= JOINT_STEP / 2 + 1e-9
    assert unpack(pack(np.array([1e9, -1e9, 0]))).tolist() == [32767, -32767, 0]
    assert pack_pose(None) is None and len(unpack(pack_pose(pose(0.0)), POSE_STEP)) == 99


def test_a_track_keeps_times_people_and_points():
    track = PoseTrack()
    for i in range(30):
        lost = PersonState(9, False, None, None, 0.0, None, None)
        track.add(100 + i / 30, [person(0, i / 30, True), person(4, i / 30), lost])
    told = track.json()
    json.dumps(told)
    times_K2, persons_K2 = unpack(told["times"]).reshape(-1, 2), unpack(told["persons"]).reshape(-1, 2)
    points_KL3 = unpack(told["points"], POSE_STEP).reshape(-1, 33, 3)
    assert len(times_K2) == len(persons_K2) == len(points_KL3) == 60
    assert np.allclose(times_K2 @ [1, 1e-3], 100 + np.repeat(np.arange(30), 2) / 30, atol=1e-3)
    assert persons_K2[:2].tolist() == [[0, 1], [4, 0]]
    assert np.allclose(points_KL3[-1, 1], [0.3 + 29 / 3000, 0.9, 1.0], atol=1e-3)


def test_a_long_recording_is_thinned_evenly():
    track = PoseTrack(most=100)
    for i in range(5000):
        track.add(i / 30, [person(0, 0.0)])
    times_s = unpack(track.json()["times"]).reshape(-1, 2) @ [1, 1e-3]
    assert 50 <= len(times_s) <= 100 and np.ptp(np.diff(times_s)) < 0.01 and times_s[-1] > 160


def test_a_track_of_nobody():
    assert PoseTrack().json() == {"times": "", "persons": "", "points": ""}
