"""Everybody keeps their number, through crossings and short absences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from app.pose.tracker import MOST_PEOPLE, PATIENCE_S, People, best_pairs, distinct
from tests.app.helpers import pose


def box(centre, width=0.2, height=0.6):
    return centre - width / 2, 0.5 - height / 2, centre + width / 2, 0.5 + height / 2


def follow(frames, step_s=0.1):
    """For each frame of [(centre, width), ...] the number given to each of its people."""
    people, given = People(), []
    for i, there in enumerate(frames):
        poses = [pose(i * step_s, box(*place)) for place in there]
        numbers = {id(seen): number for number, seen in people.update(i * step_s, poses).items()}
        given.append([numbers.get(id(p)) for p in poses])
    return given


LEFT, RIGHT = (0.2, 0.2), (0.8, 0.21)


def test_numbers_from_the_largest_on():
    assert follow([[(0.2, 0.1), (0.8, 0.2), (0.5, 0.15)]]) == [[2, 0, 1]]


def test_the_order_of_the_poses_does_not_matter():
    assert follow([[LEFT, RIGHT], [RIGHT, LEFT]] * 5) == [[1, 0], [0, 1]] * 5


@pytest.mark.parametrize("step_s", [0.033, 0.1])
def test_who_walks_past_another_keeps_the_number(step_s):
    walk = lambda t: [(0.15 + 0.25 * t, 0.2), (0.85 - 0.25 * t, 0.19)]  # noqa: E731
    frames = [walk(i * step_s) for i in range(round(2.8 / step_s))]
    assert set(map(tuple, follow(frames, step_s))) == {(0, 1)}


@pytest.mark.parametrize("gap_s", [0.3, 0.8, 1.4])
def test_who_is_hidden_while_passing_keeps_the_number(gap_s):
    frames = []
    for i in range(28):
        t = i / 10
        there = [(0.15 + 0.25 * t, 0.2), (0.85 - 0.25 * t, 0.19)]
        frames.append(there[:1] if abs(t - 1.4) < gap_s / 2 else there)
    given = follow(frames)
    assert len(given[14]) == 1 and {numbers[0] for numbers in given} == {0}
    assert {numbers[1] for numbers in given if len(numbers) == 2} == {1}


def test_a_short_loss_keeps_the_number_and_a_long_one_does_not():
    lost = lambda frames: follow([[LEFT]] + [[]] * frames + [[LEFT]])[-1]  # noqa: E731
    assert lost(round(PATIENCE_S * 10) - 1) == [0] and lost(round(PATIENCE_S * 10)) == [1]


def test_a_newcomer_far_away_is_somebody_else():
    assert follow([[LEFT], [RIGHT], [LEFT, RIGHT]]) == [[0], [1], [0, 1]]


def test_somebody_of_quite_another_size_is_somebody_else():
    assert follow([[(0.5, 0.3)], [(0.5, 0.05)]]) == [[0], [1]]


def test_of_a_crowd_the_largest_are_followed():
    crowd = [(0.1 + 0.15 * k, 0.06 + 0.01 * k) for k in range(6)]
    given = follow([crowd] * 3)
    assert given == [[None, None, 3, 2, 1, 0]] * 3 and MOST_PEOPLE == 4


def test_memory_is_bounded():
    people, rng = People(), np.random.default_rng(0)
    for i in range(300):
        people.update(i / 100, [pose(i / 100, box(*place)) for place in rng.uniform(0.05, 0.9, (4, 2))])
        assert len(people.known) <= 2 * MOST_PEOPLE


def test_best_pairs_are_the_best_of_all():
    rng = np.random.default_rng(1)
    for _ in range(30):
        fit_PQ = rng.random((rng.integers(0, 6), rng.integers(0, 5))) * (rng.random() < 0.9)
        fit_PQ[fit_PQ < 0.2] = 0
        pairs = best_pairs(fit_PQ)
        assert len({p for p, _ in pairs}) == len({q for _, q in pairs}) == len(pairs)
        assert all(fit_PQ[pair] > 0 for pair in pairs)
        P, Q = fit_PQ.shape
        padded = np.pad(fit_PQ, ((0, Q), (0, 0)))  # a row of nothing for each pose
        every = (sum(padded[p, q] for q, p in enumerate(row)) for row in itertools.permutations(range(P + Q), Q))
        assert sum(fit_PQ[pair] for pair in pairs) == pytest.approx(max(every))


def test_a_body_found_twice_counts_once():
    body, same, other = pose(0, box(0.3, 0.2)), pose(0, box(0.31, 0.21)), pose(0, box(0.5, 0.2))
    assert distinct([body, same, other]) == [body, other]
    assert distinct([]) == []
