"""Scenes of people who cross, and how who is taken for whom is counted."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from app.pose.tracker import distinct
from training.drawing.crowd import GAP_S, crowd
from training.judging.identities import TRACKERS, compare, ours, score


@pytest.fixture(scope="module")
def scene():
    return crowd(3, 15.0, 5)


def test_a_scene_is_that_of_its_seed(scene):
    again, other = crowd(3, 15.0, 5), crowd(3, 15.0, 6)
    assert len(scene.frames) == 120 and np.allclose(np.diff(scene.times_T), 1 / 15)
    for a, b in zip(scene.frames, again.frames):
        assert [p for p, _ in a] == [p for p, _ in b]
        assert all(np.array_equal(x.image_V3, y.image_V3) for (_, x), (_, y) in zip(a, b))
    assert [len(f) for f in scene.frames] != [len(f) for f in other.frames]


def test_people_cross_and_one_is_hidden_meanwhile(scene):
    middle = lambda pose: pose.image_V3[[11, 12, 23, 24], 0].mean()  # noqa: E731
    both = [
        (t, dict(frame)) for t, frame in zip(scene.times_T, scene.frames) if {0, 1} <= {person for person, _ in frame}
    ]
    side = [(t, np.sign(middle(of[0]) - middle(of[1]))) for t, of in both]
    (before, after) = next((a, b) for (a, x), (b, y) in itertools.pairwise(side) if x != y)
    assert GAP_S[0] * 0.9 <= after - before <= GAP_S[1] + 0.5


def test_the_app_takes_few_for_others(scene):
    counts = score(scene, ours(15.0))
    assert counts.people == 3 and counts.kept / counts.poses > 0.9 and counts.switches <= 2
    assert all(len(distinct([pose for _, pose in frame])) >= len(frame) - 1 for frame in scene.frames)


def test_counting(scene):
    whose = {id(pose): person for frame in scene.frames for person, pose in frame}
    right = score(scene, lambda _t, poses: [whose[id(pose)] for pose in poses])
    assert (right.switches, right.kept, right.numbers) == (0, right.poses, 3)
    swapped = score(scene, lambda t, poses: [(whose[id(pose)] + (t >= 4)) % 3 for pose in poses])
    assert swapped.switches == 3 and 0.3 < swapped.kept / swapped.poses < 0.9
    fresh = itertools.count()
    lost = score(scene, lambda _t, poses: [next(fresh) for _ in poses])
    assert lost.switches == lost.poses - 3 and lost.kept == 3
    silent = score(scene, lambda _t, poses: [None for _ in poses])
    assert silent.switches == silent.kept == 0 and silent.poses == right.poses


def test_a_tracker_that_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.setitem(TRACKERS, "nowhere", ("no_such_package", ours))
    monkeypatch.setattr("training.judging.identities.PEOPLE", (2,))
    monkeypatch.setattr("training.judging.identities.RATES", (10.0,))
    (row,) = compare(range(1), ["app.pose.tracker", "nowhere"])
    assert row["tracker"] == "app.pose.tracker" and {"switches", "2 people", "10 fps", "kept %"} <= set(row)
