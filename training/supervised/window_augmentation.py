"""Augmentation of a training window: its place in the track, the camera's rate, lost joints, views, noise, mirror.

Time and loss are changed on the track, before the app's own resampling, so that the window shows what the app would
show; space is changed on the window.

Shapes: T frames of the track, K frames of the window, V joints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.labels import IDLE, OTHER
from models.resample import read_window
from models.skeleton import CENTRE, JOINTS, mirrored
from training.data.tracks import Track
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

LOWER = [i for i, n in enumerate(JOINTS) if n.split("_")[-1] in ("pelvis", "mid", "hip", "knee", "ankle", "foot")]
_LEGS = [i for i, n in enumerate(JOINTS) if n.split("_")[-1] in ("knee", "ankle", "foot")]
_LIMBS = [
    [i for i, n in enumerate(JOINTS) if n.startswith(side) and n.split("_")[-1] in names]
    for side in ("left", "right")
    for names in (("elbow", "wrist", "hand", "tip", "thumb"), ("wrist", "hand", "tip", "thumb"), ("ankle", "foot"))
]
_FEW = [i for i, n in enumerate(JOINTS) if n.split("_")[-1] in ("hand", "tip", "thumb", "foot")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """Strength of the augmentation of windows. Angles are in radians, lengths in metres, chances in [0, 1].

    Attributes:
        speed: the clip runs faster or slower by up to this factor.
        inside: least share of the action (or of the window, where that is shorter) that the window must hold.
        thin: chance of a slower camera, 8 to 30 frames a second.
        lost_legs: chance that the lower body is never seen.
        lost_limb: chance that a limb is lost for a stretch.
        pitch: tilt of the camera, standard deviation; roll is half of it.
        depth: raw clips' depth is scaled by 1 - U(0, depth), as a single camera compresses it.
        noise: jitter of raw joints, largest standard deviation; camera tracks get a third.
        size: body scale, 1 +- U(0, size).
        mirror: chance that left and right change places.
        life: chance that an action stands in its surroundings (training.supervised.surroundings), and not alone.
        over: then, chance that the window ends when the action has been over for a while, which is stillness.
        hover: chance that the lower body and the hands are seen as in another track, by the real tracker's habits.
        seen_depth: depth of what a camera saw is scaled by 1 + U(-seen_depth, 0.2), and drifts joint by joint.
        desk: chance that the lower body is never seen in an action of the arms (`UPPER`).
    """

    speed: float = 1.25
    inside: float = 0.7
    thin: float = 0.6
    lost_legs: float = 0.15
    lost_limb: float = 0.25
    pitch: float = 0.15
    depth: float = 0.4
    noise: float = 0.02
    size: float = 0.12
    mirror: float = 0.5
    life: float = 0.0
    over: float = 0.15
    hover: float = 0.0
    seen_depth: float = 0.0
    desk: float = 0.0

    @property
    def needs_life(self) -> bool:
        """Whether windows need to know more than their own track."""
        return self.life > 0 or self.hover > 0


# Actions that a person at a desk does.
UPPER = frozenset({"wave", "raise_hand", "clap", "drink", "phone", "throw", "punch", "point", IDLE, OTHER})
AFTER_S = 0.3  # a window of what goes on ends at most so long after it
OVER_S = 0.6  # after so long, an action is no longer what the window shows
LEAST_S = 0.4  # of an action, or the share LEAST of what a window can hold, must be in it
LEAST = 0.25
DRIFT_M = 0.03  # of a joint's depth, standard deviation


def place(
    seconds: float, window_s: float, inside: float, rng: np.random.Generator, after_s: float | None = None
) -> float:
    """Draw the end of a window, in seconds from the clip's start.

    The window holds at least `inside` of the shorter of clip and window, and ends at most after_s after the clip.
    """
    must = inside * min(seconds, window_s)
    latest = seconds + window_s - must
    return float(rng.uniform(must, latest if after_s is None else min(latest, seconds + after_s)))


def _thin(times_T: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    slots = np.floor((times_T + rng.random() * 0.1) * rng.uniform(8, 30)).astype(int)
    return np.flatnonzero(np.diff(slots, prepend=slots[0] - 1))


def _lose(seen_TV: np.ndarray, how: Augmentation, rng: np.random.Generator) -> np.ndarray:
    seen_TV = seen_TV.copy()
    if rng.random() < how.lost_legs:
        seen_TV[:, LOWER if rng.random() < 0.5 else _LEGS] = False
    if rng.random() < how.lost_limb:
        limb = _LIMBS[rng.integers(len(_LIMBS))] if rng.random() < 0.7 else _FEW
        a, b = np.sort(rng.integers(0, len(seen_TV) + 1, 2)) if rng.random() < 0.6 else (0, len(seen_TV))
        seen_TV[a:b, limb] = False
    seen_TV[:, CENTRE] = True
    return seen_TV


def _rotation(how: Augmentation, rng: np.random.Generator) -> np.ndarray:
    yaw, pitch, roll = rng.uniform(-np.pi, np.pi), rng.normal(0, how.pitch), rng.normal(0, how.pitch / 2)
    (cy, cp, cr), (sy, sp, sr) = np.cos((yaw, pitch, roll)), np.sin((yaw, pitch, roll))
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    tilt = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]]) @ np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (tilt @ turn).astype(np.float32)


def _deepened(joints_KV3: np.ndarray, how: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Vary the depth that a camera guessed: it is scaled, and drifts slowly, joint by joint."""
    K, V = joints_KV3.shape[:2]
    ends_2V = rng.normal(0, DRIFT_M, (2, V)) * rng.random()
    drift_KV = ends_2V[0] + np.linspace(0, 1, K)[:, None] * (ends_2V[1] - ends_2V[0])
    out = joints_KV3 * np.array([1, 1, 1 + rng.uniform(-how.seen_depth, 0.2)], np.float32)
    out[..., 2] += drift_KV - drift_KV[:, CENTRE : CENTRE + 1]
    return out


def _space(joints_KV3: np.ndarray, raw: bool, how: Augmentation, rng: np.random.Generator) -> np.ndarray:
    out = joints_KV3 - joints_KV3[:, CENTRE : CENTRE + 1]
    if raw:  # seen from any side, the depth of that view pressed together
        c, s = np.cos(a := rng.normal(0, 0.8)), np.sin(a)
        out = out @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32).T
        out = out * np.array([1, 1, 1 - rng.uniform(0, how.depth)], np.float32)
    elif how.seen_depth > 0:
        out = _deepened(out, how, rng)
    out = (out * rng.uniform(1 - how.size, 1 + how.size)) @ _rotation(how, rng).T
    if rng.random() < how.mirror:
        out = mirrored(out)
    sigma = rng.uniform(0, how.noise) * (1.0 if raw else 0.33)
    fast, slow = rng.normal(0, sigma, (2, *out.shape))
    ramp = np.linspace(-1, 1, len(out))[:, None, None]
    return (out + 0.5 * fast + slow[:1] + ramp * slow[1:2]).astype(np.float32)


def middle_window(track: Track, window_s: float, frames: int) -> np.ndarray:
    """Cut the window around the middle of a track, or the one that ends with a shorter one, (frames, 25, 3) metres."""
    times_T = track.times_T - track.times_T[0]
    end_s = min(times_T[-1] / 2 + window_s / 2, times_T[-1])  # nothing is held after a clip
    return read_window(times_T, track.joints_TV3, track.seen_TV, end_s, window_s, frames)


def window_of(
    track: Track, window_s: float, frames: int, how: Augmentation, rng: np.random.Generator, life: Life | None = None
) -> tuple[np.ndarray, str]:
    """Cut a window from a track and augment it.

    Args:
        track: a clip that trains.
        window_s: seconds of the window.
        frames: frames of the window.
        how: it is varied.
        rng: everything random comes from it.
        life: surroundings and visibilities of the training set; None shows the track alone.

    Returns:
        The window, (frames, 25, 3) float32 metres, and what it shows: the track's action, or stillness after it.
    """
    piece, action = piece_of(track), track.action
    piece = replace(piece, times_T=piece.times_T * how.speed ** rng.uniform(-1, 1))
    if life is not None and action != IDLE and rng.random() < how.life:
        piece, end_s, action = life.lived(track, piece, window_s, how, rng)
    else:
        end_s = place(piece.seconds, window_s, how.inside, rng, AFTER_S if how.life > 0 else None)
    keep = _thin(piece.times_T, rng) if rng.random() < how.thin else slice(None)
    times_T, joints = piece.times_T[keep], piece.joints_TV3[keep]
    seen = _lose(piece.seen_TV[keep], how, rng)
    if life is not None and rng.random() < how.hover:
        seen = life.hovering(times_T, seen, rng)
    if track.action in UPPER and rng.random() < how.desk:
        seen[:, LOWER] = False
    window = read_window(times_T, joints, seen, end_s, window_s, frames)
    return _space(window, track.domain == "raw", how, rng), action


class Life:
    """What a training set knows of life beside its actions: their surroundings, and how a tracker loses joints.

    Args:
        tracks: that train.
    """

    def __init__(self, tracks: Sequence[Track]) -> None:
        self._around = Surroundings(tracks)
        self._moving = {id(track): stirring(piece_of(track)) for track in tracks if track.action != IDLE}
        shares = [t.seen_TV[:, LOWER].mean() if t.domain != "raw" else 0.0 for t in tracks]
        self._hovering = [t for t, share in zip(tracks, shares, strict=True) if 0.1 < share < 0.9 and t.seconds > 1]

    def lived(
        self, track: Track, piece: Piece, window_s: float, how: Augmentation, rng: np.random.Generator
    ) -> tuple[Piece, float, str]:
        """Put an action into its surroundings.

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
        after = self._around.after(track, piece, window_s, rng)
        gap_s = float(rng.uniform(*GAP_S))
        if after is not None and rng.random() < how.over:
            whole, action = joined(whole, after, gap_s), IDLE
            over_s = at + (ends if ends > 0.7 * piece.seconds or track.action != OTHER else piece.seconds)
            least = max(over_s, at + piece.seconds - 0.3) + OVER_S
            end_s = float(rng.uniform(least, max(at + piece.seconds + gap_s + 0.7 * window_s, least + 0.1)))
        else:
            least = min(max(LEAST_S, LEAST * min(span, window_s)), max(span, 0.2))
            end_s = at + float(rng.uniform(starts + least, max(ends + AFTER_S, starts + least + 0.05)))
        return lower_agrees(whole, piece), end_s, action

    def hovering(self, times_T: np.ndarray, seen_TV: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Hide joints as another track shows and hides them, the lower body and the hands."""
        if not self._hovering:
            return seen_TV
        other = piece_of(self._hovering[rng.integers(len(self._hovering))])
        at_T = (times_T + rng.uniform(0, other.seconds)) % max(other.seconds, 1e-3)
        theirs_TV = other.seen_TV[np.searchsorted(other.times_T, at_T).clip(max=len(other.times_T) - 1)]
        seen_TV = seen_TV & theirs_TV
        seen_TV[:, CENTRE] = True
        return seen_TV
