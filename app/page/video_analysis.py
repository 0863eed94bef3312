"""The analysis of an uploaded recording within the page's limits, as long as its visitor wants it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.classify.one_input import classify_video
from app.classify.summary import Summary
from app.page.wire import PoseTrack
from app.sources.kinds import is_video
from app.sources.video import VideoError, VideoReader
from app.types import ActionEvent, Answer
from models.system.command_line import called

if TYPE_CHECKING:
    from export.runtime import Recogniser

MOST_SECONDS = 600.0
MOST_FRAMES = 36_000  # as many as ten minutes have at 60 a second; a small file can hold millions


class NotWantedError(Exception):
    """The error that ends an analysis whose visitor has left or has chosen another recording."""


class Turns:
    """A record of each visitor's newest analysis; older ones are ended.

    Args:
        has_left: returns whether a visitor has closed the page, by the key of the tab.
    """

    def __init__(self, has_left: Callable[[str], bool]) -> None:
        self._has_left, self._count = has_left, itertools.count()
        self._newest: dict[str, int] = {}

    def begin(self, key: str) -> Callable[[], None]:
        """Begin a new analysis and return a function that raises NotWantedError once it is no longer wanted."""
        turn = self._newest[key] = next(self._count)

        def check() -> None:
            if self._newest.get(key) != turn or self._has_left(key):
                raise NotWantedError

        return check

    def end(self, key: str) -> None:
        """End all analyses of this visitor."""
        self._newest.pop(key, None)


def analyse(
    path: Path, model: Recogniser, pose_model: Path, on_frame: Callable[[float, float], None]
) -> tuple[Summary, list[ActionEvent], PoseTrack, tuple[int, int]]:
    """Classify an uploaded file within the page's limits.

    Args:
        path: the file.
        model: the action model.
        pose_model: the pose model's file.
        on_frame: called with the share done in [0, 1] and the seconds done, about four times a second of video.

    Returns:
        The summary, everybody's events, everybody's poses, and the pictures' width and height.

    Raises:
        VideoError: the file is not a video, or is too long for the page.
    """
    if not is_video(path):
        raise VideoError(f"{path.name}: not a video file by its name or its content; try an mp4, mov, webm, mkv or avi")
    with VideoReader(path) as video:  # fail before any model is loaded
        _bound(path, video.claimed_s or 0.0)
        _, rgb_HWC = next(iter(video))
        size = rgb_HWC.shape[1], rgb_HWC.shape[0]
    track, told, frames = PoseTrack(), -1.0, 0

    def step(time_s: float, claimed_s: float | None, answer: Answer) -> None:
        nonlocal told, frames
        frames += 1
        _bound(path, time_s, frames)  # a file may claim nothing, or less than it holds
        track.add(time_s, answer.persons)
        if time_s - told >= 0.25:
            told = time_s
            on_frame(min(1.0, time_s / claimed_s) if claimed_s else 0.0, time_s)

    result = classify_video(path, model, pose_model, on_frame=step)
    return result.summary, list(result.events), track, size


def _bound(path: Path, seconds: float, frames: int = 0) -> None:
    if seconds > MOST_SECONDS or frames > MOST_FRAMES:
        much = f"{MOST_SECONDS / 60:.0f} minutes" if seconds > MOST_SECONDS else f"{MOST_FRAMES} pictures"
        raise VideoError(
            f"{path.name}: longer than {much}; for a long one use {called('app')} classify {path.name} --out results"
        )
