"""Scores of whole clips from a model in training: the app's windows and mean, many windows at a time.

Shapes: N clips, W windows, K frames of a window, V joints, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from app.stream.action_stream import FILE_HOP_S, ClipScores
from models.resample import read_window
from training.data.tracks import Track

if TYPE_CHECKING:
    from models.student import Student

BATCH = 128  # windows at a time


def heard_ends(seconds: float, window_s: float, hop_s: float = FILE_HOP_S) -> np.ndarray:
    """Return the ends of the windows whose mean is the app's answer for a clip, in seconds from its start.

    Whole windows lie a hop apart. A clip that is shorter than a window has one window, which ends with it.
    """
    hops = np.arange(1, int(seconds / hop_s + 1e-6) + 1) * hop_s
    whole = hops[hops >= window_s - 1e-6]
    return whole if len(whole) else np.array([seconds])


def clip_scores(
    student: Student, tracks: Sequence[Track], labels: Sequence[str], window_s: float, frames: int
) -> np.ndarray:
    """Score each clip as a whole, (N, C), at the student's temperature and fusion weights.

    Args:
        student: in eval mode.
        tracks: clips.
        labels: of the columns.
        window_s: seconds of a window.
        frames: frames of a window.

    Raises:
        ValueError: there are no tracks.
    """
    import torch

    if not tracks:
        raise ValueError("there are no clips to judge")
    windows, owners = [], []
    for i, track in enumerate(tracks):
        times_T = track.times_T - track.times_T[0]
        for end_s in heard_ends(track.seconds, window_s):
            windows.append(read_window(times_T, track.joints_TV3, track.seen_TV, float(end_s), window_s, frames))
            owners.append(i)
    batches = torch.from_numpy(np.stack(windows)).split(BATCH)
    with torch.inference_mode():
        scores = [student.scores(*student(some, torch.full((len(some),), window_s * 30)))[0] for some in batches]
    clips = [ClipScores(labels) for _ in tracks]
    for i, score_C in zip(owners, torch.cat(scores).numpy(), strict=True):
        clips[i].add(score_C)
    return np.stack([_mean(clip) for clip in clips])


def _mean(clip: ClipScores) -> np.ndarray:
    mean_C = clip.mean_C
    assert mean_C is not None  # every clip has a window at least
    return mean_C


def accuracy(score_NC: np.ndarray, tracks: Sequence[Track], labels: Sequence[str]) -> float:
    """Return the share of the clips whose best label is theirs, in %."""
    truth_N = np.array([list(labels).index(track.action) for track in tracks])
    return 100 * float((score_NC.argmax(1) == truth_N).mean())
