"""Way of doing an action: a name and a motion that is drawn at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.drawing.motions import Score

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Way:
    """Way of doing an action.

    Attributes:
        name: says what is done and how.
        score: draws its motion, as in training.drawing.motions; what its keyframes leave out is as the person rests.
        seated: share of the people who sit.
    """

    name: str
    score: Score
    seated: float


def ways(seated: float, **scores: Score) -> tuple[Way, ...]:
    """Make ways by their names."""
    return tuple(Way(name, score, seated) for name, score in scores.items())
