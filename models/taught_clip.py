"""The shape of a taught clip: a window with half a second more on either side, and the windows in it. Numpy only.

The windows in it thus lie about the movement as they do in a live stream, where a window is due at any moment of it.

Shapes: K frames of a clip, F frames of a window, W windows of a clip.
"""

from __future__ import annotations

import numpy as np

SHIFT_S = 0.5  # distance of the first and the last window of a clip from the middle one
SHIFTS = 5  # number of windows in a clip


def clip_seconds(window_s: float) -> float:
    """Return the length of a clip for a model whose window lasts `window_s`."""
    return window_s + 2 * SHIFT_S


def clip_frames(window_s: float, frames: int) -> int:
    """Return K, the frames of a clip, for a model whose window lasts `window_s` and has so many frames."""
    return frames + 2 * round(frames * SHIFT_S / window_s)


def first_frames(clip_frames: int, frames: int) -> np.ndarray:
    """Return the first frame of each window of `frames` in a clip, from the earliest to the latest, (W,) int."""
    return np.linspace(0, clip_frames - frames, SHIFTS).round().astype(int)
