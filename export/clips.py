"""The real windows on which models are compared, calibrated and timed, from files in the clip format.

Shape suffixes: N windows, T frames of a window, V joints.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.clips import read_clips
from models.resample import read_window

LEAST_FRAMES = 4  # fewest seen frames of a clip


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of recorded clips.

    Attributes:
        joints_NTV3: float32 metres.
        frames_N: float32, seconds of a window x 30.
        action_N: short id of each clip's action, "" if it has none.
    """

    joints_NTV3: np.ndarray
    frames_N: np.ndarray
    action_N: np.ndarray

    def __len__(self) -> int:
        return len(self.frames_N)


def read_windows(files: Sequence[Path], window_s: float, frames: int, most: int = 512, seed: int = 0) -> Windows:
    """Read one window around the middle of each clip; at most `most` of them, drawn evenly from all files.

    Args:
        files: .npz files in the clip format (models.clips), or folders of them.
        window_s: seconds of a window.
        frames: frames of a window.
        most: largest number of windows.
        seed: seed of the choice.

    Raises:
        ValueError: a file is missing or damaged, or no clip can be used.
    """
    paths = [path for file in files for path in (sorted(file.glob("*.npz")) if file.is_dir() else [file])]
    clips = [clip for path in paths for clip in read_clips(path) if clip.seen_T.sum() >= LEAST_FRAMES]
    if not clips:
        raise ValueError(f"no clip to use in {', '.join(map(str, files)) or 'no files'}; give files in the clip format")
    chosen = np.sort(np.random.default_rng(seed).permutation(len(clips))[:most])
    windows = []
    for clip in (clips[i] for i in chosen):
        times_T, joints_TV3, seen_TV = clip.shown
        times_T = times_T - times_T[0]
        middle_s = times_T[-1] / 2
        end_s = min(middle_s + window_s / 2, times_T[-1])  # nothing is held after a clip
        windows.append(read_window(times_T, joints_TV3, seen_TV, end_s, window_s, frames))
    return Windows(
        np.stack(windows), np.full(len(windows), window_s * 30, np.float32), np.array([clips[i].action for i in chosen])
    )
