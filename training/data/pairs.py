"""Pairs: people whom BlazePose and motion capture saw at the same time, without labels.

The motion capture of TotalCapture stands beside BlazePose's landmarks frame by frame, in the camera's axes. Only the
contrastive pre-training uses them.
"""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from models.skeleton import CENTRE, bridge
from training.data.tracks import LEAST_FRAMES, SCENE_MARK, Track

SOURCE = "totalcapture"


def pair_tracks(data: str | Path) -> list[Track]:
    """Read DATA/pairs/totalcapture.npz as camera tracks without an action, each with its counterpart.

    A track is one camera's view of a recording, and lacks the frames in which BlazePose found nobody.

    Raises:
        ValueError: the file is missing or damaged.
    """
    path = Path(data) / "pairs" / f"{SOURCE}.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            return _tracks(dict(file))
    except FileNotFoundError:
        raise ValueError(f"{path} is missing; give --data DATA, a folder that holds pairs/") from None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ValueError(f"{path} is damaged ({error}); copy it anew") from error


def _tracks(held: dict[str, np.ndarray]) -> list[Track]:
    joints, seen = bridge(held["world"].astype(np.float32), held["visibility"].astype(np.float32))
    truth = held["mocap"].astype(np.float32) * held["scale"]
    tracks = []
    for i, (start, length) in enumerate(zip(held["start"], held["length"], strict=True)):
        rows_T = start + np.flatnonzero(seen[start : start + length, CENTRE])
        if len(rows_T) < LEAST_FRAMES:
            continue
        track = Track(
            times_T=(rows_T - start) / float(held["fps"][i]),
            joints_TV3=joints[rows_T],
            seen_TV=seen[rows_T],
            action="",
            part="train",
            source=SOURCE,
            domain="camera",
            key=f"{SOURCE}#{held['subject'][i]}_{held['recording'][i]}{SCENE_MARK}{held['camera'][i]}",
            truth_TV3=truth[rows_T],
        )
        tracks.append(track)
    return tracks
