"""Augmentation of a training window: its place in the track, the camera's rate, lost joints, views, noise, mirror.

Time and loss are changed on the track, before the app's own resampling, so that the window shows what the app would
show; space is changed on the window.

Shapes: T frames of the track, K frames of the window, V joints.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.labels import IDLE
from models.resample import read_window
from models.skeleton import CENTRE, JOINTS, LOWER_BODY, mirrored
from training.data.tracks import Track
from training.drawing.jobs import UPPER
from training.supervised.augmentation import Augmentation
from training.supervised.life import AFTER_S, Life
from training.supervised.surroundings import piece_of

_LEGS = [i for i, n in enumerate(JOINTS) if n.split("_")[-1] in ("knee", "ankle", "foot")]
_LIMBS = [
    [i for i, n in enumerate(JOINTS) if n.startswith(side) and n.split("_")[-1] in names]
    for side in ("left", "right")
    for names in (("elbow", "wrist", "hand", "tip", "thumb"), ("wrist", "hand", "tip", "thumb"), ("ankle", "foot"))
]
_FEW = [i for i, n in enumerate(JOINTS) if n.split("_")[-1] in ("hand", "tip", "thumb", "foot")]


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
        seen_TV[:, LOWER_BODY if rng.random() < 0.5 else _LEGS] = False
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
        seen[:, LOWER_BODY] = False
    window = read_window(times_T, joints, seen, end_s, window_s, frames)
    return _space(window, track.domain == "raw", how, rng), action
