"""Recordings to learn from: videos, recorded landmarks and recorded skeletons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from app.landmarks.file_format import is_recording
from app.landmarks.reader import LandmarkReader
from app.teach.examples import Recording, TeachError
from models.clips import read_clips

if TYPE_CHECKING:
    from app.types import Pose

LONGEST_S = 120.0  # an example of an action is no film
_PEOPLE = 2  # a second person must be seen to be refused


def recordings(path: Path, pose_model: Callable[[], Path]) -> Iterator[Recording]:
    """The recordings in a file: one, or each clip of an .npz.

    Args:
        path: a video, .ikem or .npz file.
        pose_model: gives the pose model's file, where one is needed.

    Raises:
        ValueError: it cannot be read, or shows nobody, or more than one person.
    """
    if path.suffix.lower() == ".npz":
        for clip in read_clips(path):
            if clip.seen_T.sum() < 2:
                raise TeachError(f"{path}: a clip in it is empty")
            yield Recording(*clip.shown)
    elif is_recording(path):
        with LandmarkReader(path) as reader:
            yield Recording.of_poses(_short(reader.poses(), path))
    else:
        from app.pose.landmarker import PoseSource
        from app.sources.video import VideoReader

        with VideoReader(path) as video, PoseSource(pose_model(), _PEOPLE) as source:
            seen = ((time_s, source.detect(rgb_HWC, time_s)) for time_s, rgb_HWC in video)
            yield Recording.of_poses(_short(seen, path))


def _short(frames: Iterator[tuple[float, list[Pose]]], path: Path) -> Iterator[tuple[float, list[Pose]]]:
    for time_s, poses in frames:
        if time_s > LONGEST_S:
            raise TeachError(f"{path} is longer than {LONGEST_S:.0f} s: cut out the parts that show the action")
        yield time_s, poses
