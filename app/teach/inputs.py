"""The recordings to learn from: videos, recorded landmarks and recorded skeletons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from app.classify.poses import poses_of
from app.teach.examples import Demonstration, TeachError
from models.clips import read_clips
from models.resample import rate_of, too_few
from models.system.words import count

LONGEST_S = 120.0  # longest recording of an example
_PEOPLE = 2  # most people to find: a second one is found in order to refuse it


def recordings(path: Path, pose_model: Callable[[], Path]) -> Iterator[Demonstration]:
    """Yield the recordings in a file: one, or each clip of an .npz.

    Args:
        path: a video, .ikem or .npz file.
        pose_model: returns the path of the pose model's file, if one is needed.

    Raises:
        ValueError: the file cannot be read, or shows nobody, or more than one person.
    """
    if path.suffix.lower() in (".npz", ".npy"):
        for clip in read_clips(path):
            if len(clip.joints_TV3) < 2:
                raise TeachError(f"{path}: a clip in it has {count(len(clip.joints_TV3), 'frame')}: too few")
            if clip.seen_T.sum() < 2:
                raise TeachError(f"{path}: a clip in it shows nobody{f' ({clip.note})' if clip.note else ''}")
            if too_few(clip.fps):
                raise TeachError(f"{path}: {too_few(clip.fps)}")
            yield Demonstration(*clip.shown, clip.note)
        return
    from app.pose.landmarker import PoseSource

    with poses_of(path, lambda: PoseSource(pose_model(), _PEOPLE), longest_s=LONGEST_S) as played:
        shown = Demonstration.from_poses(played.frames)
        if too_few(rate_of(shown.times_T)):
            raise TeachError(f"{path}: {too_few(rate_of(shown.times_T))}")
        yield replace(shown, note="; ".join(played.notes))
