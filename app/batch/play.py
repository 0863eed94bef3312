"""Inputs as frames: for each kind of input, its frames with times, pictures and people."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from app.batch.ahead import ahead
from app.batch.jobs import LANDMARKS, LIVE, InputJob
from app.batch.options import WorkerSetup
from app.batch.stop import Stop
from app.classify.poses import PosedFrames, found, poses_of
from app.types import PosedFrame

if TYPE_CHECKING:
    from app.pose.landmarker import PoseSource

Item = TypeVar("Item")

_WAITING = 4  # frames between two stages; of the largest size they are 15 MB
GIVE_UP_S = 10.0  # a camera that is lost for longer is given up
_GROUND = (480, 640)  # size of a drawing if the recording names none


def open_input(
    job: InputJob, setup: WorkerSetup, stop: Stop, say: Callable[[str], None]
) -> AbstractContextManager[PosedFrames]:
    """Open an input and yield its frames, and close it with all threads that read it.

    Args:
        job: the input.
        setup: what is wanted of it.
        stop: ends a camera; the consumer of a file looks at it between two frames.
        say: shows the user a line, from any thread: a camera was lost, or is back.

    Raises:
        ValueError: it cannot be read (also while iterating).
    """
    player = {LIVE: _live, LANDMARKS: _landmarks}.get(job.kind, _video)
    return player(job, setup, stop, say)


@contextmanager
def _video(job: InputJob, setup: WorkerSetup, stop: Stop, say: Callable[[str], None]) -> Generator[PosedFrames]:
    assert isinstance(job.target, Path)
    make_pose, annotate = partial(_pose_source, setup), setup.options.annotate
    with poses_of(job.target, make_pose, threads=setup.threads, pictures=annotate, stage=_ahead) as played:
        played.settings["pose"] = setup.pose_name
        yield played


@contextmanager
def _live(job: InputJob, setup: WorkerSetup, stop: Stop, say: Callable[[str], None]) -> Generator[PosedFrames]:
    from app.sources.camera import Camera

    assert not isinstance(job.target, Path)
    seconds = setup.options.seconds
    notes: list[str] = []
    settings: dict[str, str | float] = {"pose": setup.pose_name}
    with (
        _pose_source(setup) as source,
        Camera(job.target, give_up_s=GIVE_UP_S, say=say) as camera,
        stop.calls(camera.close),
    ):
        pictures = _bounded(camera.frames(), seconds, notes)
        frames = _ahead(found(pictures, source, settings, setup.options.annotate))
        with closing(frames):
            yield PosedFrames(frames, seconds, notes, settings)


def _bounded(
    frames: Iterable[tuple[float, np.ndarray]], seconds: float | None, notes: list[str]
) -> Generator[tuple[float, np.ndarray]]:
    """Yield live frames with times from 0 for so many seconds.

    A camera that is lost for good ends them, with a note.
    """
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
def _landmarks(job: InputJob, setup: WorkerSetup, stop: Stop, say: Callable[[str], None]) -> Generator[PosedFrames]:
    assert isinstance(job.target, Path)
    with poses_of(job.target, partial(_pose_source, setup)) as played:
        if setup.options.annotate:
            played.frames = _on_ground(played.frames, _picture_size(played.settings))
        yield played


def _ahead(items: Generator[Item]) -> Generator[Item]:
    return ahead(items, _WAITING)


def _on_ground(frames: Generator[PosedFrame], size: tuple[int, int]) -> Generator[PosedFrame]:
    """Yield the frames with a black picture each."""
    for frame in frames:
        yield frame._replace(rgb_HWC=np.zeros((*size, 3), np.uint8))


def _pose_source(setup: WorkerSetup) -> PoseSource:
    if setup.make_pose is None:
        raise ValueError(setup.no_pose)
    return setup.make_pose()


def _picture_size(settings: dict[str, str | float]) -> tuple[int, int]:
    """Return height and width of the pictures in which landmarks were found.

    If the recording does not say, these are 480 and 640 pixels.
    """
    from app.pose.picture import LONGEST_SIDE

    height, width = settings.get("height"), settings.get("width")
    if not (isinstance(height, int) and isinstance(width, int)):
        return _GROUND
    fit = all(2 <= side <= LONGEST_SIDE for side in (height, width))
    return (height, width) if fit else _GROUND
