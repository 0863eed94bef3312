"""When a body moves: the middle of a movement and its edges, whatever the camera's rate."""

from __future__ import annotations

import numpy as np
import pytest

from app.stream.motion import Motion
from models.skeleton import JOINTS

ARM = [JOINTS.index(f"right_{name}") for name in ("elbow", "wrist", "hand", "tip", "thumb")]


def watch(moves, seconds=6.0, fps=30.0, noise=0.003, seed=0, keep_s=10.0):
    """A body whose right arm swings at 1 m/s during `moves`, [(from, to), ...]."""
    rng, motion = np.random.default_rng(seed), Motion(keep_s)
    rest_V3 = rng.normal(0, 0.3, (25, 3)).astype(np.float32)
    for i in range(round(seconds * fps)):
        t = i / fps
        where = sum(min(max(t - a, 0.0), b - a) for a, b in moves)
        joints_V3 = rest_V3 + rng.normal(0, noise, (25, 3))
        joints_V3[ARM, 0] += 0.4 * abs(2 * ((where / 0.8) % 1) - 1)
        motion.push(t, joints_V3, np.ones(25, bool))
    return motion


@pytest.mark.parametrize("fps", [10, 15, 30, 60])
def test_the_middle_of_a_movement(fps):
    motion = watch([(4.0, 4.6)], fps=fps)
    assert motion.moment(2.5, 5.0) == pytest.approx(4.3, abs=0.12)  # at the window's edge
    assert motion.moment(3.2, 5.7) == pytest.approx(4.3, abs=0.12)


def test_without_movement_it_is_the_middle_of_the_window():
    assert watch([], noise=0.0).moment(2.0, 4.0) == pytest.approx(3.0, abs=0.01)
    assert watch([(0.0, 6.0)]).moment(2.0, 4.0) == pytest.approx(3.0, abs=0.25)
    assert Motion(5.0).moment(2.0, 4.0) == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize("fps", [10, 30])
def test_edges_of_a_movement(fps):
    motion = watch([(2.0, 3.5)], fps=fps)
    assert motion.start(0.0, 2.4, 3.2) == pytest.approx(2.0, abs=0.2)  # outwards
    assert motion.start(0.0, 1.7, 3.2) == pytest.approx(2.0, abs=0.2)  # inwards
    assert motion.end(2.4, 3.1, 6.0) == pytest.approx(3.5, abs=0.2)
    assert motion.end(2.4, 3.8, 6.0) == pytest.approx(3.5, abs=0.2)


def test_an_edge_is_moved_only_so_far_and_not_past_its_bounds():
    motion = watch([(1.0, 5.0)])
    assert motion.start(0.0, 3.0, 4.0) == pytest.approx(2.4, abs=0.05)
    assert motion.start(2.8, 3.0, 4.0) >= 2.8
    assert motion.end(2.0, 3.0, 3.2) <= 3.2


def test_a_short_rest_within_a_movement_does_not_end_it():
    motion = watch([(2.0, 2.4), (2.6, 3.0), (3.9, 4.2)])
    assert motion.end(2.0, 2.7, 6.0) == pytest.approx(3.0, abs=0.25)


def test_open_ends():
    moving, still = watch([(0.0, 6.0)]), watch([], noise=0.0)
    assert moving.start(0.0, 2.0, 4.0, open_ended=True) == pytest.approx(0.1, abs=0.15)
    assert still.start(0.5, 2.0, 4.0, open_ended=True) == 0.5 and still.start(0.5, 2.0, 4.0) == 2.0
    assert still.end(2.0, 4.0, 5.5, open_ended=True) == 5.5 and still.end(2.0, 4.0, 5.5) == 4.0
    stopped = watch([(2.0, 4.5)])
    assert stopped.end(2.0, 4.0, 6.0, open_ended=True) == pytest.approx(4.5, abs=0.2)


def test_unseen_joints_do_not_move():
    motion = Motion(5.0)
    for i in range(60):
        joints_V3, seen_V = np.zeros((25, 3), np.float32), np.ones(25, bool)
        joints_V3[ARM] = np.random.default_rng(i).normal(0, 1, 3)
        seen_V[ARM] = False
        motion.push(i / 30, joints_V3, seen_V)
    assert motion.end(0.5, 1.0, 2.0) == 1.0


def test_a_whole_body_that_only_travels_does_not_move():
    motion = Motion(5.0)
    for i in range(60):
        motion.push(i / 30, np.full((25, 3), i / 10, np.float32), np.ones(25, bool))
    assert motion.end(0.5, 1.0, 2.0) == 1.0


def test_only_the_last_seconds_are_kept():
    motion = watch([(0.0, 60.0)], seconds=60.0, fps=10, keep_s=3.0)
    assert len(motion._speeds) <= 31 and len(motion._frames) <= 4
    motion.clear()
    assert motion.moment(1.0, 2.0) == pytest.approx(1.5, abs=0.01)
