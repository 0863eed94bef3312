"""Life beside the actions of a training set: windows begin in the middle of it, and joints hover as a tracker's do.

Shapes: T frames of a track, V joints.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.labels import IDLE
from models.skeleton import CENTRE, LOWER_BODY
from training.data.tracks import Track
from training.supervised.augmentation import Augmentation
from training.supervised.surroundings import (
    GAP_S,
    HELD,
    Piece,
    Surroundings,
    joined,
    lower_agrees,
    piece_of,
    stirring,
)

AFTER_S = 0.3  # a window of what goes on ends at most so long after it
OVER_S = 0.6  # after so long, an action is no longer what the window shows
LEAST_S = 0.4  # of an action, or the share LEAST of what a window can hold, must be in it
LEAST = 0.25


class Life:
    """What a training set knows of life beside its actions: their surroundings, and how a tracker loses joints.

    Args:
        tracks: that train.
    """

    def __init__(self, tracks: Sequence[Track]) -> None:
        self._around = Surroundings(tracks)
        self._moving = {id(track): stirring(piece_of(track)) for track in tracks if track.action != IDLE}
        shares = [t.seen_TV[:, LOWER_BODY].mean() if t.domain != "raw" else 0.0 for t in tracks]
        self._hovering = [t for t, share in zip(tracks, shares, strict=True) if 0.1 < share < 0.9 and t.seconds > 1]

    def lived(
        self, track: Track, piece: Piece, window_s: float, how: Augmentation, rng: np.random.Generator
    ) -> tuple[Piece, float, str]:
        """Put an action into its surroundings.

        Args:
            track: of this training set.
            piece: the track, perhaps slower or faster.
            window_s: seconds of the window.
            how: windows are varied.
            rng: everything random comes from it.

        Returns:
            The whole, the end of a window in its seconds, and what that window shows.
        """
        pace = piece.seconds / max(track.seconds, 1e-6)
        starts, ends = (moment * pace for moment in self._moving[id(track)])
        if track.action in HELD:
            ends = piece.seconds
        span = ends - starts
        before = self._around.before(track, piece, window_s, rng)
        gap_s = float(rng.uniform(*GAP_S))
        at = before.seconds + gap_s
        whole, action = joined(before, piece, gap_s), track.action
        after = self._around.after(track, piece, window_s, rng) if rng.random() < how.over else None
        if after is not None:
            gap_s = float(rng.uniform(*GAP_S))
            whole, action = joined(whole, after, gap_s), IDLE
            least = at + max(ends, piece.seconds - AFTER_S) + OVER_S
            end_s = float(rng.uniform(least, max(at + piece.seconds + gap_s + 0.7 * window_s, least + 0.1)))
        else:
            least = min(max(LEAST_S, LEAST * min(span, window_s)), max(span, 0.2))
            end_s = at + float(rng.uniform(starts + least, max(ends + AFTER_S, starts + least + 0.05)))
        return lower_agrees(whole, piece), end_s, action

    def hovering(self, times_T: np.ndarray, seen_TV: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return seen (T, V) with joints hidden as another track hides them, at the times (T,) in seconds."""
        if not self._hovering:
            return seen_TV
        other = piece_of(self._hovering[rng.integers(len(self._hovering))])
        at_T = (times_T + rng.uniform(0, other.seconds)) % max(other.seconds, 1e-3)
        theirs_TV = other.seen_TV[np.searchsorted(other.times_T, at_T).clip(max=len(other.times_T) - 1)]
        seen_TV = seen_TV & theirs_TV
        seen_TV[:, CENTRE] = True
        return seen_TV
