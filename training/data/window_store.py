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
    return _cut(track, track.joints_TV3, track.seen_TV, window_s, hop_s, frames)


def counterparts_of(track: Track, window_s: float, hop_s: float, frames: int) -> list[np.ndarray | None]:
    """Cut a track's counterpart into the same windows, (K, V, 3) metres each.

    None stands for a window in which the other sensor lost a frame, and for every window of a track without one.
    """
    if track.truth_TV3 is None:
        return [None] * len(window_ends(track.seconds, window_s, hop_s))
    assert len(track.truth_TV3) == len(track.times_T), (track.key, len(track.truth_TV3), len(track.times_T))
    truth_TV3 = track.truth_TV3.astype(np.float32)
    truth_TV3[~truth_TV3.any((1, 2))] = np.nan  # which spreads over the windows that would read it
    with np.errstate(invalid="ignore"):
        windows_WKV3 = _cut(track, truth_TV3, np.ones(truth_TV3.shape[:2], bool), window_s, hop_s, frames)
    return [window if np.isfinite(window).all() else None for window in windows_WKV3]


def _cut(
    track: Track, joints_TV3: np.ndarray, seen_TV: np.ndarray, window_s: float, hop_s: float, frames: int
) -> np.ndarray:
    times_T = track.times_T - track.times_T[0]
    return np.stack([
        read_window(times_T, joints_TV3, seen_TV, float(end_s), window_s, frames)
        for end_s in window_ends(track.seconds, window_s, hop_s)
    ])  # fmt: skip


def store_windows(
    tracks: Sequence[Track], out: Path, window_s: float, hop_s: float, frames: int, note: Callable[[str], None]
) -> None:
    """Write the windows of all tracks as a clip store (training.data.store), centred and turned.

    Labels are not looked at. The tracks' counterparts are written beside them. A store that is whole already is kept.

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
    others: list[np.ndarray | None] = []
    for track in tqdm(tracks, desc="windows", unit="clip"):
        windows_WKV3 = torch.from_numpy(windows_of(track, window_s, hop_s, frames))
        rows += [[row] for row in normalise(windows_WKV3).numpy()]
        seen = counterparts_of(track, window_s, hop_s, frames)
        others += [None if one is None else normalise(torch.from_numpy(one)).numpy() for one in seen]
    write_store(out, rows, {"frames": np.full(len(rows), window_s * 30, np.float32)}, (), {}, source, others)
    pairs = sum(one is not None for one in others)
    note(f"{len(rows):,} windows of {len(tracks):,} clips" + (f", {pairs:,} with a counterpart" if pairs else ""))


def _fingerprint(tracks: Sequence[Track], window_s: float, hop_s: float, frames: int) -> str:
    digest = hashlib.sha256(json.dumps([window_s, hop_s, frames, len(tracks)]).encode())
    for track in tracks:
        digest.update(np.ascontiguousarray(track.joints_TV3).tobytes())
        if track.truth_TV3 is not None:
            digest.update(b"truth" + np.ascontiguousarray(track.truth_TV3).tobytes())
    return digest.hexdigest()[:16]
