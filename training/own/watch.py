"""Tracks of the user's files: each file is watched once, through the app's own pose path, and the result is kept.

Shapes: T frames, V = 25 joints.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from app.classify.poses import poses_of
from app.teach.examples import LEAST_SHOWN
from app.types import PosedFrame
from models.clips import ClipFileError, read_clips
from models.resample import rate_of, too_few
from models.skeleton import CENTRE, bridge
from training.data.readers.base import MOST_PEOPLE, motion_energy
from training.data.readers.videos import follow
from training.data.tracks import LEAST_FRAMES, Track
from training.own.files import Example
from training.parallel.processes import side_by_side

LONGEST_S = 300.0  # one action: a longer video shows more than that
_FIELDS = ("times", "joints", "seen")


@dataclass(frozen=True, slots=True)
class Watched:
    """Result of watching some files.

    Attributes:
        examples: whose person could be followed, in the order given.
        tracks: of them; part is empty, domain "camera", or "raw" for recorded skeletons.
        failed: (key, why) of the others.
    """

    examples: tuple[Example, ...]
    tracks: tuple[Track, ...]
    failed: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Job:
    example: Example
    kept: Path  # where what was seen goes
    pose_model: Path
    look: Callable[[list[PosedFrame]], dict[str, np.ndarray]]


def watch(
    examples: Sequence[Example], kept: Path, pose_model: Callable[[], Path], workers: int, note: Callable[[str], None]
) -> Watched:
    """Watch every file that was not watched before, and follow the person who moves most.

    Args:
        examples: the files.
        kept: folder in which what was seen is kept, a file each; a file that changed is looked at again.
        pose_model: gives the pose model's file, where it is needed.
        workers: processes that look.
        note: told which files cannot be used, and why.

    Raises:
        ValueError: the disk is full.
    """
    films = [example for example in examples if example.path.suffix.lower() != ".npz"]
    why = watch_all(films, kept, pose_model, workers, note, main_person)
    found: list[tuple[Example, Track]] = []
    for example in examples:
        if example.key in why:
            continue
        try:
            place = kept_of(kept, example.path, main_person) if example in films else None
            found += [(example, t) for t in (_recorded(example, note) if place is None else [_kept(example, place)])]
        except ValueError as error:
            why[example.key] = str(error)
            note(f"left out: {example.key}: {error}")
    return Watched(tuple(e for e, _ in found), tuple(t for _, t in found), tuple(why.items()))


def watch_all(
    films: Sequence[Example],
    kept: Path,
    pose_model: Callable[[], Path],
    workers: int,
    note: Callable[[str], None],
    look: Callable[[list[PosedFrame]], dict[str, np.ndarray]],
) -> dict[str, str]:
    """Watch those of some files that were not watched before; what `look` sees in them is kept at `kept_of`.

    Args:
        films, kept, pose_model, workers, note: as for `watch`.
        look: returns what is to be kept of a file's frames.

    Returns:
        Why files cannot be used, by their keys.
    """
    from tqdm import tqdm

    kept.mkdir(parents=True, exist_ok=True)
    why: dict[str, str] = {}
    todo = [film for film in films if not kept_of(kept, film.path, look).exists()]
    if todo:
        model = pose_model()
        jobs = [_Job(film, kept_of(kept, film.path, look), model, look) for film in todo]
        done = side_by_side(_look, jobs, min(workers, len(todo)))
        with tqdm(total=len(films), initial=len(films) - len(todo), unit="file", desc="watching") as bar:
            for key, reason, notes in done:
                if reason:
                    why[key] = reason
                    note(f"left out: {key}: {reason}")
                for line in notes:
                    note(f"{key}: {line}")
                bar.update()
    return why


def kept_of(kept: Path, path: Path, look: Callable[..., object]) -> Path:
    """Return the file in which it is kept what `look` saw in a file, as that file is now."""
    what = "" if look is main_person else f".{look.__name__}"
    return kept / f"{_fingerprint(path)}{what}.npz"


def _fingerprint(path: Path) -> str:
    state = path.stat()
    return hashlib.sha256(f"{path.resolve()} {state.st_size} {state.st_mtime_ns}".encode()).hexdigest()[:24]


def _look(job: _Job) -> tuple[str, str, list[str]]:
    """Watch one file, and return the example's key, why it cannot be used, and what else there is to know.

    The reason is "" where the file can be used; what was seen is then kept.
    """
    from models.system.atomic import write_whole

    try:
        frames, notes = _frames(job.example.path, job.pose_model)
        columns = job.look(frames)
        write_whole(job.kept, lambda part: _write(part, columns))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ValueError(f"the disk of {job.kept.parent} is full: free some space and run again") from error
        return job.example.key, error.strerror or str(error), []
    except ValueError as error:
        said = str(error).removeprefix(f"{job.example.path}: ")
        return job.example.key, said.removeprefix(f"{job.example.path.name}: "), []
    return job.example.key, "", notes


def _write(part: Path, arrays: dict[str, np.ndarray]) -> None:
    with part.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)


def _frames(path: Path, pose_model: Path) -> tuple[list[PosedFrame], list[str]]:
    from app.pose.landmarker import PoseSource
    from models.system.native_warnings import native_warnings_hidden

    make_pose = partial(PoseSource, pose_model, MOST_PEOPLE)
    with native_warnings_hidden(), poses_of(path, make_pose, longest_s=LONGEST_S) as played:
        return list(played.frames), played.notes


def main_person(frames: Sequence[PosedFrame]) -> dict[str, np.ndarray]:
    """Return the person who moves most, in the frames where the shoulders are seen.

    The arrays are times (T,) seconds, (T, 25, 3) metres and (T, 25) seen.

    Raises:
        ValueError: nobody is in view for long enough.
    """
    sparse = too_few(rate_of(np.array([frame.time_s for frame in frames])))
    if sparse:
        raise ValueError(sparse)
    best: tuple[float, tuple[np.ndarray, np.ndarray, np.ndarray]] | None = None
    for poses in follow(frames):
        joints, seen_TV = bridge(
            np.stack([pose.world_V3 for pose in poses]), np.stack([pose.visibility_V for pose in poses])
        )
        shoulders_T = seen_TV[:, CENTRE]
        if shoulders_T.sum() < max(LEAST_FRAMES, LEAST_SHOWN * len(frames)):
            continue
        times_T = np.array([pose.time_s for pose in poses])[shoulders_T]
        joints = joints[shoulders_T].astype(np.float32)
        energy = motion_energy(joints - joints[:, CENTRE : CENTRE + 1])
        if best is None or energy > best[0]:
            best = energy, (times_T, joints, seen_TV[shoulders_T])
    if best is None:
        raise ValueError("nobody is in view for long enough: show shoulders, arms and hips")
    return dict(zip(_FIELDS, best[1], strict=True))


def _kept(example: Example, place: Path) -> Track:
    try:
        with np.load(place, allow_pickle=False) as archive:
            times_T, joints_TV3, seen_TV = (archive[name] for name in _FIELDS)
    except (OSError, ValueError, KeyError, EOFError):
        raise ValueError(f"what was kept of it is damaged: delete {place} and run again") from None
    return Track(times_T, joints_TV3, seen_TV, example.action, "", "own", "camera", example.key)


def _recorded(example: Example, note: Callable[[str], None]) -> Iterator[Track]:
    """Yield the clips of recorded skeletons, without frames that show nobody, and note what there is to know."""
    said: set[str] = set()
    for clip in read_clips(example.path):
        if clip.seen_T.sum() < LEAST_FRAMES:
            raise ClipFileError(f"a clip in it shows nobody{f' ({clip.note})' if clip.note else ''}")
        if too_few(clip.fps):
            raise ClipFileError(too_few(clip.fps))
        if clip.note and clip.note not in said:
            said.add(clip.note)
            note(f"{example.key}: {clip.note}")
        yield Track(*clip.shown, example.action, "", "own", "raw", example.key)
