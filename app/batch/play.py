"""What each kind of input plays: frames with their times, their pictures and the people in them.

Shapes: H rows, W columns, C colours (3, red green blue).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.batch.ahead import ahead
from app.batch.jobs import LANDMARKS, LIVE, Job
from app.batch.options import Setup
from app.batch.stop import Stop
from app.types import Pose

if TYPE_CHECKING:
    from app.pose.landmarker import PoseSource

_WAITING = 4  # frames between two stages; of the largest size they are 15 MB
GIVE_UP_S = 10.0  # a camera that was lost for longer is over
_GROUND = (480, 640)  # of drawings of recorded landmarks that do not say what picture they are of

Frame = tuple[float, np.ndarray | None, list[Pose]]  # seconds, rgb_HWC where somebody wants it, everybody found


def _no_frames() -> Generator[Frame]:
    yield from ()


@dataclass(slots=True)
class Played:
    """An input that plays.

    Attributes:
        frames: to be iterated once.
        claimed_s: how long it says that it lasts, seconds; None where it does not.
        notes: what was wrong though it could be read; complete after the last frame.
        settings: how its landmarks are made, for a recording of them, complete with the first frame; None where there
            is nothing to record.
    """

    frames: Generator[Frame] = field(default_factory=_no_frames)
    claimed_s: float | None = None
    notes: list[str] = field(default_factory=list)
    settings: dict[str, str | float] | None = None


@contextmanager
def play(job: Job, setup: Setup, stop: Stop, say: Callable[[str], None]) -> Iterator[Played]:
    """Open an input of frames and close it again, with all threads that read it.

    Args:
        job: the input.
        setup: what is wanted of it.
        stop: ends a camera; who reads a file looks at it between two frames.
        say: takes a line for the user, in any thread: a camera was lost, or is back.

    Raises:
        ValueError: it cannot be read (also while iterating).
    """
    player = {LIVE: _live, LANDMARKS: _landmarks}.get(job.kind, _video)
    with player(job, setup, stop, say) as played, closing(played.frames):
        yield played


@contextmanager
def _video(job: Job, setup: Setup, stop: Stop, say: Callable[[str], None]) -> Iterator[Played]:
    from app.sources.video import VideoReader

    assert isinstance(job.target, Path)
    settings: dict[str, str | float] = {"pose": setup.pose_name}
    played = Played(settings=settings)

    def frames() -> Generator[tuple[float, np.ndarray]]:
        yield from video
        played.notes += [video.note] if video.note else []

    with VideoReader(job.target, setup.threads) as video, _pose_source(setup) as source:
        played.claimed_s = video.claimed_s
        played.frames = ahead(_posed(ahead(frames(), _WAITING), source, setup, settings), _WAITING)
        yield played


@contextmanager
def _live(job: Job, setup: Setup, stop: Stop, say: Callable[[str], None]) -> Iterator[Played]:
    from app.sources.camera import Camera

    assert not isinstance(job.target, Path)
    seconds = setup.options.seconds
    settings: dict[str, str | float] = {"pose": setup.pose_name}
    played = Played(claimed_s=seconds, settings=settings)
    with (
        _pose_source(setup) as source,
        Camera(job.target, give_up_s=GIVE_UP_S, say=say) as camera,
        stop.calls(camera.close),
    ):
        pictures = _bounded(camera.frames(), seconds, played.notes)
        played.frames = ahead(_posed(pictures, source, setup, settings), _WAITING)
        yield played


def _bounded(
    frames: Iterable[tuple[float, np.ndarray]], seconds: float | None, notes: list[str]
) -> Generator[tuple[float, np.ndarray]]:
    """Live frames from time 0 on, for so many seconds; a camera that is lost for good ends them, with a note."""
    from app.sources.frames import CameraError

    first_s = None
    try:
        for time_s, rgb_HWC in frames:
            first_s = time_s if first_s is None else first_s
            if seconds is not None and time_s - first_s >= seconds:
                return
            yield time_s - first_s, rgb_HWC
    except CameraError as error:
        if first_s is None:
            raise
        notes.append(str(error).partition(": ")[2] or str(error))


@contextmanager
def _landmarks(job: Job, setup: Setup, stop: Stop, say: Callable[[str], None]) -> Iterator[Played]:
    from app.landmarks.reader import LandmarkReader

    assert isinstance(job.target, Path)
    with LandmarkReader(job.target) as reader:
        played = Played(claimed_s=reader.claimed_s)
        size = _picture_size(reader.settings)

        def frames() -> Generator[Frame]:
            for time_s, poses in reader.poses():
                yield time_s, np.zeros((*size, 3), np.uint8) if setup.options.annotate else None, poses
            played.notes += [reader.note] if reader.note else []

        played.frames = frames()
        yield played


def _pose_source(setup: Setup) -> PoseSource:
    if setup.make_pose is None:
        raise ValueError(setup.no_pose)
    return setup.make_pose()


def _posed(
    frames: Generator[tuple[float, np.ndarray]], source: PoseSource, setup: Setup, settings: dict[str, str | float]
) -> Generator[Frame]:
    """Frames with everybody in them; pictures stay in memory only where they are to be drawn on."""
    with closing(frames):
        for time_s, rgb_HWC in frames:
            settings.setdefault("height", rgb_HWC.shape[0])
            settings.setdefault("width", rgb_HWC.shape[1])
            poses = source.detect(rgb_HWC, time_s)
            yield time_s, rgb_HWC if setup.options.annotate else None, poses


def _picture_size(settings: dict[str, str | float]) -> tuple[int, int]:
    """Height and width of the pictures that landmarks were found in, as far as the recording says so."""
    from app.sources.frames import LONGEST_SIDE

    height, width = settings.get("height"), settings.get("width")
    if not (isinstance(height, int) and isinstance(width, int)):
        return _GROUND
    fit = all(2 <= side <= LONGEST_SIDE for side in (height, width))
    return (height, width) if fit else _GROUND
