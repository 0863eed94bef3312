"""Store of windows for pre-training: each clip as the app would show it to the model, without its label.

Shapes: W windows, K frames of a window, V joints.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from models.resample import read_window
from training.data.tracks import Track


def window_ends(seconds: float, window_s: float, hop_s: float) -> np.ndarray:
    """Return the ends of a clip's windows, in seconds from its start.

    They are about hop_s apart; a short clip has one window around its middle.

    Raises:
        ValueError: window_s or hop_s is not positive.
    """
    if not (window_s > 0 and hop_s > 0):
        raise ValueError(f"a window and its hop must be positive; got {window_s} and {hop_s}")
    if seconds <= window_s:
        return np.array([(seconds + window_s) / 2])
    return np.linspace(window_s, seconds, 1 + int(np.ceil((seconds - window_s) / hop_s)))


def windows_of(track: Track, window_s: float, hop_s: float, frames: int) -> np.ndarray:
    """Cut a track into windows, (W, K, V, 3) metres."""
    times_T = track.times_T - track.times_T[0]
    return np.stack([
        read_window(times_T, track.joints_TV3, track.seen_TV, float(end_s), window_s, frames)
        for end_s in window_ends(track.seconds, window_s, hop_s)
    ])  # fmt: skip


def store_windows(
    tracks: Sequence[Track], out: Path, window_s: float, hop_s: float, frames: int, note: Callable[[str], None]
) -> None:
    """Write the windows of all tracks as a clip store (training.data.store), centred and turned.

    A store that is whole already is kept.

    Raises:
        ValueError: OUT holds windows of other tracks.
    """
    import torch
    from tqdm import tqdm

    from models.modalities import normalise
    from training.data.store import META, write_store

    source = f"windows {_fingerprint(tracks, window_s, hop_s, frames)}"
    if (out / META).exists():
        if json.loads((out / META).read_text(encoding="utf-8"))["source"] != source:
            raise ValueError(f"{out} holds windows of other clips; delete it or give another folder")
        return
    rows: list[list[np.ndarray]] = []
    for track in tqdm(tracks, desc="windows", unit="clip"):
        windows_WKV3 = torch.from_numpy(windows_of(track, window_s, hop_s, frames))
        rows += [[row] for row in normalise(windows_WKV3).numpy()]
    write_store(out, rows, {"frames": np.full(len(rows), window_s * 30, np.float32)}, (), {}, source)
    note(f"{len(rows):,} windows of {len(tracks):,} clips")


def _fingerprint(tracks: Sequence[Track], window_s: float, hop_s: float, frames: int) -> str:
    digest = hashlib.sha256(json.dumps([window_s, hop_s, frames, len(tracks)]).encode())
    for track in tracks:
        digest.update(np.ascontiguousarray(track.joints_TV3).tobytes())
    return digest.hexdigest()[:16]
