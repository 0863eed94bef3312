"""Surroundings of an action: what a person did before and does after it; so windows begin in the middle of life.

A live window of the last seconds holds the end of what was before, and an action is named while it has only begun. So a
clip is put between stillness, held poses and other actions, of the same domain and, where there are any, of the same
person. Between two pieces time passes, which the resampling fills.

Shapes: T frames, V joints, N pieces.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.labels import IDLE, OTHER
from models.skeleton import CENTRE, LOWER_BODY, V
from training.data.stillness import heading, middle_pose, shoulder_width, speeds, turned
from training.data.tracks import Track

GAP_S = (0.15, 0.5)  # in which one piece passes into the next
STIRRING_MPS = 0.3  # an action begins where the speed passes this, ...
OF_PEAK = 0.25  # ... or this share of its peak, if that is more
HELD_FPS = 12.0  # of a pose that is held
_NEAR = 12  # of the stillness that fits best, one piece is drawn from so many
_LOWER = np.isin(np.arange(V), LOWER_BODY)
# Held at their end, these go on: only other stillness tells that they are over.
HELD = ("raise_hand", "point", "phone", "drink", OTHER)


@dataclass(frozen=True, slots=True)
class Piece:
    """Piece of movement, about the shoulders: times (T,) from 0, joints (T, V, 3) metres, seen (T, V) bool."""

    times_T: np.ndarray
    joints_TV3: np.ndarray
    seen_TV: np.ndarray

    @property
    def seconds(self) -> float:
        return float(self.times_T[-1])


def piece_of(track: Track) -> Piece:
    """Return a track as a piece."""
    joints_TV3 = track.joints_TV3 - track.joints_TV3[:, CENTRE : CENTRE + 1]
    return Piece(track.times_T - track.times_T[0], joints_TV3, track.seen_TV)


def stirring(piece: Piece) -> tuple[float, float]:
    """Return from when to when something moves, in seconds; the whole piece, if nothing does."""
    speed_T = speeds(piece.times_T, piece.joints_TV3, piece.seen_TV)
    moving = np.flatnonzero(speed_T >= max(STIRRING_MPS, OF_PEAK * float(np.percentile(speed_T, 95))))
    if len(moving) == 0:
        return 0.0, piece.seconds
    return max(0.0, float(piece.times_T[moving[0]]) - 0.2), float(piece.times_T[moving[-1]])


def held(pose_V3: np.ndarray, seen_V: np.ndarray, seconds: float, rng: np.random.Generator) -> Piece:
    """Hold a pose as a living person does: it sways by some millimetres to a centimetre."""
    times_T = np.arange(0, seconds + 1e-6, 1 / HELD_FPS)
    hertz_3, phase_3V3 = rng.uniform(0.15, 1.2, 3), rng.uniform(0, 2 * np.pi, (3, *pose_V3.shape))
    swing_T3 = 2 * np.pi * times_T[:, None] * hertz_3
    sway_TV3 = np.sin(swing_T3[:, :, None, None] + phase_3V3).mean(1) * rng.uniform(0.002, 0.014)
    sway_TV3[:, CENTRE] = 0
    joints_TV3 = (pose_V3 + sway_TV3).astype(np.float32)
    return Piece(times_T, joints_TV3, np.broadcast_to(seen_V, joints_TV3.shape[:2]))


def between(start: float, end: float, piece: Piece) -> Piece:
    """Cut a piece; at least two of its frames are kept."""
    a, b = np.searchsorted(piece.times_T, (start - 1e-6, end + 1e-6))
    a = max(min(a, len(piece.times_T) - 2), 0)
    some = slice(a, max(b, a + 2))
    return Piece(piece.times_T[some] - piece.times_T[some][0], piece.joints_TV3[some], piece.seen_TV[some])


def fitted(piece: Piece, to_V3: np.ndarray, own: int) -> Piece:
    """Scale and turn a piece so that its frame `own` has the size and heading of a pose about the shoulders."""
    scale = np.clip(shoulder_width(to_V3[None]) / shoulder_width(piece.joints_TV3), 0.6, 1.6)
    angle = heading(piece.joints_TV3[own]) - heading(to_V3)
    return Piece(piece.times_T, turned(piece.joints_TV3, angle) * np.float32(scale), piece.seen_TV)


def joined(first: Piece, then: Piece, gap_s: float) -> Piece:
    """Put one piece after another."""
    return Piece(
        np.concatenate([first.times_T, then.times_T + first.times_T[-1] + gap_s]),
        np.concatenate([first.joints_TV3, then.joints_TV3]),
        np.concatenate([first.seen_TV, then.seen_TV]),
    )


class Surroundings:
    """Stillness and actions of a training set, from which surroundings are drawn.

    Args:
        tracks: that train.
    """

    def __init__(self, tracks: Sequence[Track]) -> None:
        self._still: dict[str, list[Track]] = defaultdict(list)
        self._acts: dict[tuple[str, str], list[Track]] = defaultdict(list)
        for track in tracks:
            if track.action == IDLE:
                self._still[track.domain].append(track)
            elif len(track.times_T) > 4:
                self._acts[track.domain, ""].append(track)
                self._acts[track.domain, track.subject].append(track)
        self._pose = {domain: np.stack([middle_pose(t) for t in some]) for domain, some in self._still.items()}
        self._legs = {d: np.array([t.seen_TV[:, _LOWER].mean() for t in some]) for d, some in self._still.items()}

    def before(self, track: Track, piece: Piece, seconds: float, rng: np.random.Generator) -> Piece:
        """Draw what came before: stillness, a held pose, or another action."""
        kind = rng.random()
        first_V3, seen_V = piece.joints_TV3[0], piece.seen_TV[0]
        if kind < 0.3 or (kind < 0.7 and track.domain not in self._still):
            return held(first_V3, seen_V, seconds, rng)
        if kind < 0.7:
            return self._calm(track.domain, piece, first_V3, seconds, rng)
        mine = self._acts[track.domain, track.subject if rng.random() < 0.7 else ""]
        other = piece_of(mine[rng.integers(len(mine))]) if mine else piece
        end = rng.uniform(0.3, 1.0) * other.seconds
        some = between(end - seconds, end, other)
        return fitted(some, first_V3, len(some.times_T) - 1)

    def after(self, track: Track, piece: Piece, seconds: float, rng: np.random.Generator) -> Piece | None:
        """Draw the stillness that comes after; None where there is none that tells that the action is over."""
        if track.domain in self._still and (track.action in HELD or rng.random() < 0.5):
            return self._calm(track.domain, piece, piece.joints_TV3[-1], seconds, rng)
        return None if track.action in HELD else held(piece.joints_TV3[-1], piece.seen_TV[-1], seconds, rng)

    def _calm(self, domain: str, beside: Piece, pose_V3: np.ndarray, seconds: float, rng: np.random.Generator) -> Piece:
        """Draw real stillness, half of the time in about that pose, by somebody who shows as much of the legs."""
        width = shoulder_width(pose_V3[None])
        far_N = np.linalg.norm(self._pose[domain] - turned(pose_V3, heading(pose_V3)) / width, axis=-1).mean(-1)
        far_N = far_N * (rng.random() < 0.5) + 10 * (
            np.abs(self._legs[domain] - beside.seen_TV[:, _LOWER].mean()) > 0.5
        )
        order = np.lexsort((rng.random(len(far_N)), far_N))
        calm = piece_of(self._still[domain][int(rng.choice(order[:_NEAR]))])
        start = rng.uniform(0, max(calm.seconds - seconds, 0))
        return fitted(between(start, start + seconds, calm), pose_V3, 0)


def lower_agrees(whole: Piece, action: Piece) -> Piece:
    """Let nobody have legs in one piece of a window alone: where the action hides the lower body, all of it does."""
    unseen_V = _LOWER & (action.seen_TV.mean(0) < 0.5)
    return Piece(whole.times_T, whole.joints_TV3, whole.seen_TV & ~unseen_V) if unseen_V.any() else whole
