"""Weights of clips by which the domains that the app meets count, evenly.

Shapes: N clips.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

SEEN = ("camera", "webcam")  # domains that the app meets: drawn people, and real ones
LEAST_SEEN = 8  # clips of a label in a domain, from which on they speak for it: of fewer, one odd person decides


def seen_parts(mine_N: np.ndarray, domains: Sequence[str], least: int = LEAST_SEEN) -> list[np.ndarray]:
    """Return a mask for each domain that the app meets with so many of these clips; if there is none, that of all.

    Args:
        mine_N: bool, the clips in question.
        domains: of all clips.
        least: clips that a domain needs.
    """
    parts = [mine_N & (np.array(domains) == domain) for domain in SEEN]
    return [part_N for part_N in parts if part_N.sum() >= least] or [mine_N]


def seen_weights(domains: Sequence[str], groups: Sequence[Hashable]) -> np.ndarray:
    """Return (N,) weights that sum to 1, by which every group of clips counts the same.

    In a group the domains that the app meets count the same, and other domains nothing; if it has too few clips in
    them, all its clips count the same.
    """
    weight_N, distinct = np.zeros(len(groups)), set(groups)
    for group in distinct:
        parts = seen_parts(np.array([one == group for one in groups]), domains)
        for part_N in parts:
            weight_N[part_N] = 1 / (len(distinct) * len(parts) * part_N.sum())
    return weight_N
