"""The turning points of a signal: where it goes from rising to falling and back, whatever small wavering lies between.

Two turning points differ by at least some depth, so that a signal that hovers around any level makes none.

Shapes: K moments, S swings.
"""

from __future__ import annotations

import numpy as np

RIPPLE = 0.2  # of the signal's range: a smaller swing says nothing about how large the swings are
LARGE = 0.4  # of the second largest swing: from here on a swing is one of the movement


def turns(signal_K: np.ndarray, depth: float) -> np.ndarray:
    """Return the places of the turning points of a signal, in turn lows and highs.

    The ends of the signal are among them where the signal leaves or reaches them by `depth`.

    Args:
        signal_K: (K,) any units.
        depth: least difference between one turning point and the next, in the same units.
    """
    found: list[int] = []
    low = high = 0
    way = 0  # 1: rising, -1: falling, 0: not known yet
    for k in _bends(signal_K):
        value = signal_K[k]
        if value > signal_K[high]:
            high = k
        if value < signal_K[low]:
            low = k
        if way >= 0 and signal_K[high] - value >= depth:
            found += [low, high] if way == 0 and low < high and signal_K[high] - signal_K[low] >= depth else [high]
            way, low = -1, k
        elif way <= 0 and value - signal_K[low] >= depth:
            found += [high, low] if way == 0 and high < low and signal_K[high] - signal_K[low] >= depth else [low]
            way, high = 1, k
    if way:
        found.append(high if way > 0 else low)
    return np.array(found, int)


def typical_swing(signal_K: np.ndarray) -> float:
    """Return how far a signal goes from one turning point to the next, as a rule.

    It is the median of the large swings; one that is larger than all others, such as somebody getting into position,
    does not decide what is large.
    """
    reach = float(np.ptp(signal_K))
    swings_S = np.sort(np.abs(np.diff(signal_K[turns(signal_K, RIPPLE * reach)])))[::-1]
    if not len(swings_S):
        return reach
    return float(np.median(swings_S[swings_S >= LARGE * swings_S[min(1, len(swings_S) - 1)]]))


def _bends(signal_K: np.ndarray) -> np.ndarray:
    """Return the places at which a signal changes its direction, with its ends: no others can be turning points."""
    steps = np.sign(np.diff(signal_K))
    return np.concatenate([[0], 1 + np.flatnonzero(steps[1:] != steps[:-1]), [len(signal_K) - 1]]).astype(int)
