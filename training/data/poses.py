"""Tracks of real people at webcams and phones, from files of BlazePose landmarks.

A file DATA/poses/NAME.npz holds windows of one action each. Its arrays are `world` (sum T, 33, 3), metres from the
middle of the hips, x right, y down, z away; `visibility` (sum T, 33); and by window `start`, `length`, `fps`,
`action`, `subject` (a person) and `part`, which is by person.

Shapes: T frames, L landmarks (33).
"""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from app.types import LANDMARKS
from models.labels import DISPLAY
from models.skeleton import CENTRE, bridge
from training.data.tracks import LEAST_FRAMES, Track

POSES = ("mediapipe_webcam", "self_filmed", "sign_verbs_webcam")
WEBCAM = "webcam"  # the domain of these tracks
LEAST_S = 0.5  # a shorter window tells too little: app.stream.window.LEAST_SPAN_S
_NEEDS = ("world", "visibility", "start", "length", "fps", "action", "subject", "part")
_OFF_CENTRE_M = 0.2  # hips that lie farther from 0 are no world landmarks'
_NAMED = 8  # so many bad windows are named by their numbers
Arrays = Mapping[str, np.ndarray]


def pose_tracks(
    data: Path,
    parts: tuple[str, ...] | None = None,
    files: tuple[str, ...] = POSES,
    unlabelled: bool = False,
    note: Callable[[str], None] = lambda line: None,
) -> list[Track]:
    """Read the windows of some files of landmarks, frames without shoulders left out.

    A bad window is left out: numbers that are not finite, a visibility of 0 throughout, nobody's shoulders in view.

    Args:
        data: folder that holds poses/.
        parts: of "train", "val" and "test"; None for all.
        files: names in poses/, without the suffix.
        unlabelled: give windows of no known action too, with the action "".
        note: takes one line a file that names and counts its bad windows.

    Returns:
        Tracks of the domain "webcam", in turn; the key names the file and the window.

    Raises:
        ValueError: a file is missing, is no file of 33 world landmarks, or has no good window.
    """
    tracks = []
    for name in files:
        path = Path(data) / "poses" / f"{name}.npz"
        arrays = _read(path)
        _check(path, arrays)
        tracks += _windows(path, arrays, parts, unlabelled, note)
    return tracks


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in _NEEDS if name not in file.files]
            if missing:
                raise ValueError(f"{path} lacks {', '.join(missing)}: it is no file of recorded landmarks")
            return {name: file[name] for name in _NEEDS}
    except FileNotFoundError:
        raise ValueError(f"{path} is missing: give a --data folder that holds poses/{path.name}") from None
    except (OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read; fetch it again ({error})") from None


def _check(path: Path, arrays: Arrays) -> None:
    """Raise a ValueError if the arrays are not those of 33 world landmarks."""
    world, visibility = arrays["world"], arrays["visibility"]
    if world.ndim != 3 or world.shape[1:] != (LANDMARKS, 3) or visibility.shape != world.shape[:2]:
        raise ValueError(
            f"{path}: `world` must be (frames, {LANDMARKS}, 3) and `visibility` (frames, {LANDMARKS}), BlazePose's "
            f"landmarks; got {world.shape} and {visibility.shape}: convert other landmarks first"
        )
    windows = {name: len(arrays[name]) for name in _NEEDS[2:]}
    if len(set(windows.values())) > 1:
        raise ValueError(f"{path}: start, length, fps, action, subject and part need one value a window; got {windows}")
    starts, lengths = arrays["start"].astype(int), arrays["length"].astype(int)
    if np.any(starts < 0) or np.any(lengths < 0) or np.any(starts + lengths > len(world)):
        raise ValueError(f"{path}: a window lies outside of its {len(world)} frames; start and length count frames")
    if not np.all(arrays["fps"] > 0):
        raise ValueError(f"{path}: fps must be above 0 for each window")
    _check_metres(path, world)


def _check_metres(path: Path, world: np.ndarray) -> None:
    """Raise a ValueError if the landmarks are not metres from the middle of the hips."""
    good_NL3 = world[np.isfinite(world).all((1, 2)) & world.any((1, 2))].astype(np.float32)
    if not len(good_NL3):
        return
    hips_N2 = good_NL3[:, [23, 24], :2].mean(1)
    if np.median(np.abs(hips_N2).max(1)) <= _OFF_CENTRE_M:
        return
    low, high = np.quantile(good_NL3[..., :2], (0.05, 0.95))
    if low >= 0 and high <= 1:
        raise ValueError(
            f"{path}: `world` holds image landmarks (fractions of the picture), not metres. Use the world landmarks; "
            "or take the middle of the hips from x, y and z, multiply x and z by the aspect (width / height), z by "
            "about 0.28 as well (an image landmark's z is too deep), and scale all by the body's size in metres"
        )
    raise ValueError(f"{path}: `world` must be metres from the middle of the hips; subtract it, and divide to metres")


def _windows(
    path: Path, arrays: Arrays, parts: tuple[str, ...] | None, unlabelled: bool, note: Callable[[str], None]
) -> list[Track]:
    tracks, bad = [], defaultdict(list)
    for i, part in enumerate(arrays["part"].astype(str)):
        action = str(arrays["action"][i])
        action = action if action in DISPLAY else ""
        if (parts is not None and part not in parts) or not (action or unlabelled):
            continue
        seen = _window(arrays, i)
        if isinstance(seen, str):
            bad[seen].append(i)
            continue
        key, person = f"{path.stem}#{i}", str(arrays["subject"][i])
        tracks.append(Track(*seen, action, part, path.stem, WEBCAM, key, person))
    if bad:
        count = sum(map(len, bad.values()))
        told = "; ".join(f"{why}: {_numbers(windows)}" for why, windows in bad.items())
        message = f"{path.name}: {count} of {count + len(tracks)} windows are left out ({told})"
        if not tracks:
            raise ValueError(f"{message}; no window is left, so check the file")
        note(message)
    return tracks


def _window(arrays: Arrays, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray] | str:
    """Return times, joints and seen joints of a window, or what is wrong with it."""
    frames = slice(int(arrays["start"][i]), int(arrays["start"][i]) + int(arrays["length"][i]))
    world_TL3, visibility_TL = (arrays[name][frames].astype(np.float32) for name in ("world", "visibility"))
    fps = float(arrays["fps"][i])
    if not (np.isfinite(world_TL3).all() and np.isfinite(visibility_TL).all()):
        return "numbers that are not finite"
    if len(world_TL3) < LEAST_S * fps or len(world_TL3) <= LEAST_FRAMES:
        return f"shorter than {LEAST_S:g} s"
    if not world_TL3.any():
        return "nobody in it"
    if not visibility_TL.any():
        return "a visibility of 0 throughout"
    visibility_TL[~world_TL3.any((1, 2))] = 0.0  # a lost frame
    joints_TV3, seen_TV = bridge(world_TL3, visibility_TL)
    shown_T = seen_TV[:, CENTRE]
    if shown_T.sum() < LEAST_FRAMES:
        return "nobody's shoulders in view"
    return (np.arange(len(world_TL3)) / fps)[shown_T], joints_TV3[shown_T], seen_TV[shown_T]


def _numbers(windows: list[int]) -> str:
    more = f" and {len(windows) - _NAMED} more" if len(windows) > _NAMED else ""
    return ", ".join(map(str, windows[:_NAMED])) + more
