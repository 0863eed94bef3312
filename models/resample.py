"""The resampling of timestamped joints to a fixed number of frames, whatever the camera's rate. Numpy only.

App and training both use it, so a window means the same to both. Its steps: short losses of a joint are bridged and
longer ones marked lost; the track is read at 60 points a second; a Gaussian of fixed width in seconds removes what a
slow camera could not have seen; every frame of the window is read off.

Shapes: T recorded frames, D dense frames, K frames of the window (50), V joints.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from models.skeleton import CENTRE, fill_lost

LEAST_FPS = 4.0  # fewer frames a second do not show a movement
HOLD_S = 0.5  # a joint out of sight is bridged or held this long, then it counts as lost
DENSE_HZ = 60.0
SIGMA_S = 0.05


def too_few(fps: float) -> str:
    """Return why so many frames a second tell no action, "" if they do; 0 stands for an unknown rate."""
    if not 0 < fps < 0.99 * LEAST_FPS:
        return ""
    return f"{fps:.2g} frames a second are too few to be sure: at least {LEAST_FPS:.0f}"


def rate_of(times_T: np.ndarray) -> float:
    """Return the frames a second of (T,) increasing seconds, whatever gaps there are in them; 0 if unknown."""
    return float(1 / np.median(np.diff(times_T))) if len(times_T) > 1 else 0.0


def kept_seconds(seconds: float) -> float:
    """Return how far back joints are kept for windows of so many seconds.

    It is longer than the window, so that a loss that began before it can still be bridged or held.
    """
    return seconds + 2 * HOLD_S


def bridge_gaps(times_T: np.ndarray, joints_TV3: np.ndarray, seen_TV: np.ndarray) -> np.ndarray:
    """Interpolate joints over losses of up to HOLD_S, hold them as long after, and collapse what stays lost.

    Args:
        times_T: (T,) seconds, increasing.
        joints_TV3: (T, V, 3) metres.
        seen_TV: (T, V) bool; the root (joint 21) counts as seen, and a frame without it must be left out before.

    Returns:
        (T, V, 3) joints; lost ones sit on their nearest seen ancestor (models.skeleton.fill_lost).
    """
    if seen_TV.all():
        return joints_TV3
    frame_T1 = np.arange(len(times_T))[:, None]
    before_TV = np.maximum.accumulate(np.where(seen_TV, frame_T1, -1), 0)
    after_TV = np.minimum.accumulate(np.where(seen_TV, frame_T1, len(times_T))[::-1], 0)[::-1]
    has_before_TV, has_after_TV = before_TV >= 0, after_TV < len(times_T)
    a_TV, b_TV = before_TV.clip(0), after_TV.clip(max=len(times_T) - 1)
    gap_TV = times_T[b_TV] - times_T[a_TV]
    between_TV = ~seen_TV & has_before_TV & has_after_TV & (gap_TV <= HOLD_S)
    held_TV = ~seen_TV & ~between_TV & has_before_TV & (times_T[:, None] - times_T[a_TV] <= HOLD_S)
    share_TV = np.where(between_TV, (times_T[:, None] - times_T[a_TV]) / np.maximum(gap_TV, 1e-9), 0.0)
    v_V = np.arange(joints_TV3.shape[1])
    line_TV3 = joints_TV3[a_TV, v_V] + share_TV[..., None] * (joints_TV3[b_TV, v_V] - joints_TV3[a_TV, v_V])
    bridged_TV = between_TV | held_TV
    joints_TV3 = np.where(bridged_TV[..., None], line_TV3, joints_TV3).astype(np.float32)
    known_TV = seen_TV | bridged_TV
    known_TV[:, CENTRE] = True
    return fill_lost(joints_TV3, known_TV)


@lru_cache(maxsize=64)
def smoother(seconds: float, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Return dense times relative to the window's end (D,), and the weights (K, D) of the Gaussian read-off."""
    margin = 3 * SIGMA_S
    dense_D = np.arange(-seconds - margin, margin + 0.5 / DENSE_HZ, 1 / DENSE_HZ)
    centre_K = (np.arange(frames) + 0.5) * seconds / frames - seconds
    weight_KD = np.exp(-0.5 * ((dense_D - centre_K[:, None]) / SIGMA_S) ** 2)
    return dense_D, (weight_KD / weight_KD.sum(1, keepdims=True)).astype(np.float32)


def read_window(
    times_T: np.ndarray, joints_TV3: np.ndarray, seen_TV: np.ndarray, end_s: float, seconds: float, frames: int = 50
) -> np.ndarray:
    """Return the window of `seconds` that ends at `end_s`, as `frames` frames.

    Before the first and after the last recorded frame, its pose is held.

    Args:
        times_T: (T,) seconds, increasing, T >= 1.
        joints_TV3: (T, V, 3) metres.
        seen_TV: (T, V) bool.
        end_s: end of the window, on the same clock as the times.
        seconds: length of the window.
        frames: frames to read, at the middles of equal slices of the window.

    Returns:
        (frames, V, 3) float32 metres.

    Raises:
        ValueError: there is no frame.
    """
    if len(times_T) == 0:
        raise ValueError("a window needs at least one frame with a person in it")
    dense_D, weight_KD = smoother(float(seconds), frames)
    known_TV3 = bridge_gaps(times_T, joints_TV3, seen_TV)
    when_D = np.clip(dense_D + end_s, times_T[0], times_T[-1])
    b_D = np.searchsorted(times_T, when_D).clip(1, max(len(times_T) - 1, 1)).clip(max=len(times_T) - 1)
    a_D = (b_D - 1).clip(0)
    share_D = (when_D - times_T[a_D]) / np.maximum(times_T[b_D] - times_T[a_D], 1e-9)
    flat_TX = known_TV3.reshape(len(times_T), -1)
    dense_DX = flat_TX[a_D] + share_D[:, None].astype(np.float32) * (flat_TX[b_D] - flat_TX[a_D])
    return (weight_KD @ dense_DX).reshape(frames, *joints_TV3.shape[1:]).astype(np.float32)
