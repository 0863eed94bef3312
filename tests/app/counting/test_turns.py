"""Turning points are those that matter, and the ends of a signal among them."""

from __future__ import annotations

import numpy as np
import pytest

from app.counting.turns import turns, typical_swing


def test_highs_and_lows_in_turn():
    signal_K = np.array([0, 1, 3, 2, 2.2, 1, 0, 2, 4, 4, 1.0])
    assert turns(signal_K, 2).tolist() == [0, 2, 6, 8, 10]
    assert turns(-signal_K, 2).tolist() == [0, 2, 6, 8, 10]


def test_what_wavers_less_makes_none():
    signal_K = np.sin(np.linspace(0, 30, 300))
    assert turns(signal_K, 2.1).tolist() == [] and len(turns(signal_K, 1.5)) == 10
    assert turns(np.zeros(10), 0.1).tolist() == []


def test_the_twin_that_looks_at_each_value():
    """A slow twin: each turning point differs from the next by the depth, and lies between its neighbours' ways."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        signal_K = np.cumsum(rng.normal(0, 1, 200))
        found = turns(signal_K, 4.0)
        swings = np.diff(signal_K[found])
        assert (np.abs(swings) >= 4).all() and (swings[1:] * swings[:-1] < 0).all()
        for a, b in zip(found[:-1], found[1:], strict=True):
            low, high = sorted((signal_K[a], signal_K[b]))
            assert low <= signal_K[a : b + 1].min() and signal_K[a : b + 1].max() <= high


def test_a_swing_that_is_larger_than_all_others_does_not_decide():
    """Somebody gets down, and does something five times there."""
    signal_K = np.array([4, 4, 0, 1.0, 0, 1.2, 0, 1.1, 0, 1.0, 0, 1.1, 0])
    assert typical_swing(signal_K) == pytest.approx(1.1, abs=0.15)
    assert typical_swing(np.array([0, 1.0, 0])) == 1
