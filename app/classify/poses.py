"""The people of a file, frame by frame, whether it is a video or a recording of landmarks.

Shapes: H rows, W columns, C colours (3, red green blue).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from app.classify.bodies import bodies_of
from app.types import PosedFrame

if TYPE_CHECKING:
    from app.landmarks.reader import LandmarkReader
    from app.pose.landmarker import PoseSource
    from app.sources.video import VideoReader

Item = TypeVar("Item")


class Stage(Protocol):
    """A way to run a generator, such as ahead of its consumer."""

    def __call__(self, items: Generator[Item]) -> Generator[Item]:
        """Yield the same items."""


def as_asked(items: Generator[Item]) -> Generator[Item]:
    """Return the generator itself, so that each item is made when it is asked for."""
    return items


class TooLongError(ValueError):
    """The error of a file that lasts longer than the caller allows."""


@dataclass(slots=True)
class PosedFrames:
    """The frames that a file or a camera plays.

    Attributes:
        frames: to be iterated once. A body may be found twice; whoever follows or counts people removes the duplicate
            (app.pose.tracker.distinct).
        claimed_s: when the file claims to end, seconds; None if it claims nothing.
        notes: faults that did not keep the file from being read; complete after the last frame.
        settings: how its landmarks are made. For a recording these are its own; for a video they are the pictures'
            height and width, complete with the first frame.
    """

    frames: Generator[PosedFrame]
    claimed_s: float | None = None
    notes: list[str] = field(default_factory=list)
    settings: dict[str, str | float] = field(default_factory=dict)


@contextmanager
def poses_of(
    path: str | Path,
    make_pose: Callable[[], PoseSource],
    *,
    longest_s: float | None = None,
    threads: int | None = None,
    pictures: bool = False,
    stage: Stage = as_asked,
) -> Generator[PosedFrames]:
    """Open a file, yield its frames, and close it with everything that reads it.

    Args:
        path: a video, or a recording of landmarks, told by its suffix.
        make_pose: makes the pose source that finds people in a video's pictures; a recording needs none.
        longest_s: longest duration of the file, seconds; None for no limit.
        threads: most threads of a video's decoder; None lets it choose.
        pictures: whether a video's frames keep their pictures.
        stage: runs the decoding and the pose source, each a generator.

    Raises:
        VideoError, LandmarkError: the file cannot be read (also while iterating).
        TooLongError: the file lasts longer than `longest_s` (while iterating).
    """
    from app.landmarks.file_format import is_recording

    opened = _recording(path) if is_recording(path) else _video(path, make_pose, threads, pictures, stage)
    with opened as played, closing(played.frames):
        if longest_s is not None:
            played.frames = _bounded(played.frames, path, longest_s)
        yield played


def found(
    pictures: Generator[tuple[float, np.ndarray]],
    source: PoseSource,
    settings: dict[str, str | float],
    keep: bool = False,
) -> Generator[PosedFrame]:
    """Yield the people of each picture.

    Args:
        pictures: (time in seconds, rgb_HWC) of each.
        source: finds people in a picture.
        settings: receives the height and width of the first picture.
        keep: whether frames keep their pictures.
    """
    with closing(pictures):
        for time_s, rgb_HWC in pictures:
            settings.setdefault("height", rgb_HWC.shape[0])
            settings.setdefault("width", rgb_HWC.shape[1])
            yield PosedFrame(time_s, source.detect(rgb_HWC, time_s), rgb_HWC if keep else None)


@contextmanager
def _recording(path: str | Path) -> Generator[PosedFrames]:
    from app.landmarks.reader import LandmarkReader

    with LandmarkReader(path) as reader:
        notes: list[str] = []
        frames = bodies_of(_noted(reader.poses(), reader, notes), Path(path).name, notes)
        yield PosedFrames(frames, reader.claimed_s, notes, reader.settings)


@contextmanager
def _video(
    path: str | Path, make_pose: Callable[[], PoseSource], threads: int | None, pictures: bool, stage: Stage
) -> Generator[PosedFrames]:
    from app.sources.video import VideoReader

    with VideoReader(path, threads) as video, make_pose() as source:
        notes: list[str] = []
        settings: dict[str, str | float] = {}
        decoded = stage(_noted(video, video, notes))
        yield PosedFrames(stage(found(decoded, source, settings, pictures)), video.claimed_s, notes, settings)


def _noted(items: Iterable[Item], reader: VideoReader | LandmarkReader, notes: list[str]) -> Generator[Item]:
    """Yield the items, and append the reader's note after the last one."""
    yield from items
    notes += [reader.note] if reader.note else []


def _bounded(frames: Generator[PosedFrame], path: str | Path, longest_s: float) -> Generator[PosedFrame]:
    first_s: float | None = None
    with closing(frames):
        for frame in frames:
            first_s = frame.time_s if first_s is None else first_s
            if frame.time_s - first_s > longest_s:
                raise TooLongError(f"{path}: longer than {longest_s:.0f} s: cut out the parts that show the action")
            yield frame
