"""Augmentation of a training window: its place in the track, the camera's rate, lost joints, views, noise, mirror.

Time and loss are changed on the track, before the app's own resampling, so that the window shows what the app would
show; space is changed on the window.

Shapes: T frames of the track, K frames of the window, V joints.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.resample import read_window
from models.skeleton import CENTRE, JOINTS, mirrored
from training.data.tracks import Track

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


def place(seconds: float, window_s: float, inside: float, rng: np.random.Generator) -> float:
    """Draw the end of a window, in seconds from the clip's start.

    The window holds at least `inside` of the shorter of clip and window.
    """
    must = inside * min(seconds, window_s)
    return float(rng.uniform(must, seconds + window_s - must))


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


def _space(joints_KV3: np.ndarray, raw: bool, how: Augmentation, rng: np.random.Generator) -> np.ndarray:
    out = joints_KV3 - joints_KV3[:, CENTRE : CENTRE + 1]
    if raw:  # seen from any side, the depth of that view pressed together
        c, s = np.cos(a := rng.normal(0, 0.8)), np.sin(a)
        out = out @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32).T
        out = out * np.array([1, 1, 1 - rng.uniform(0, how.depth)], np.float32)
    out = (out * rng.uniform(1 - how.size, 1 + how.size)) @ _rotation(how, rng).T
    if rng.random() < how.mirror:
        out = mirrored(out)
    sigma = rng.uniform(0, how.noise) * (1.0 if raw else 0.33)
    fast, slow = rng.normal(0, sigma, (2, *out.shape))
    ramp = np.linspace(-1, 1, len(out))[:, None, None]
    return (out + 0.5 * fast + slow[:1] + ramp * slow[1:2]).astype(np.float32)


def middle_window(track: Track, window_s: float, frames: int) -> np.ndarray:
    """Cut the window around the middle of a track, as it is, (frames, 25, 3) float32 metres."""
    times_T = track.times_T - track.times_T[0]
    end_s = times_T[-1] / 2 + window_s / 2
    return read_window(times_T, track.joints_TV3, track.seen_TV, end_s, window_s, frames)


def window_of(track: Track, window_s: float, frames: int, how: Augmentation, rng: np.random.Generator) -> np.ndarray:
    """Cut a window from a track and augment it, (frames, 25, 3) float32 metres."""
    times_T = track.times_T - track.times_T[0]
    times_T = times_T * how.speed ** rng.uniform(-1, 1)
    keep = _thin(times_T, rng) if rng.random() < how.thin else slice(None)
    times_T, joints, seen = times_T[keep], track.joints_TV3[keep], _lose(track.seen_TV[keep], how, rng)
    end_s = times_T[0] + place(times_T[-1] - times_T[0], window_s, how.inside, rng)
    return _space(read_window(times_T, joints, seen, end_s, window_s, frames), track.domain == "raw", how, rng)
