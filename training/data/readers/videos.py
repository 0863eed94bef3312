"""Reader of videos, a folder a class, through the app's own pose path. Training and app thus see alike.

Shapes: P people (1 or 2), T frames, L = 33 landmarks, V = 25 joints, C = 3 coordinates, N clips.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.pose.tracker import People, distinct
from app.sources.kinds import is_annotated, is_video
from app.types import Pose, PosedFrame
from models.resample import HOLD_S, bridge_gaps
from models.skeleton import CENTRE, bridge
from training.data.readers.base import (
    MOST_PEOPLE,
    Columns,
    Reader,
    ReadError,
    RecordedClip,
    files_below,
    most_moving,
)  # fmt: skip

FPS = 30.0
LEAST_SHOWN = 0.1  # a person in a smaller share of the frames is the landmarker's mistake, or a passer-by
FOLLOWED_BY = 2  # way of telling people apart: another one makes other clips
TRAIN_FOLDER, TEST_FOLDERS = "train", ("test", "val")
TEST_SHARE, SEED = 0.2, 0


def follow(frames: Iterable[PosedFrame]) -> list[list[Pose]]:
    """Follow the people through a whole file and return each one's poses.

    People come in the order of their appearance, the larger first.

    In a file about one action, somebody who comes back is the same person, however long they were away. Unlike in
    a live stream, nobody is therefore forgotten. In 54 scenes of two to four people who cross, numbers change 8 times
    instead of 20 (`python -m training identities`).
    """
    people, poses_of_person = People(patience_s=math.inf), defaultdict[int, list[Pose]](list)
    for frame in frames:
        for number, pose in people.update(frame.time_s, distinct(frame.poses)).items():
            poses_of_person[number].append(pose)
    return [poses_of_person[number] for number in sorted(poses_of_person)]


def even_frames(poses: Sequence[Pose], seconds: float, first_s: float = 0.0) -> np.ndarray:
    """Resample one person to 30 frames a second over the whole video, (T, 25, 3).

    Frames in which the person is out of sight are zeros.

    Args:
        poses: of the person, in order.
        seconds: from the video's first frame to its last.
        first_s: time of the first frame, which is later than 0 where the sound begins before the picture.
    """
    joints_TVC, seen_TV = bridge(
        np.stack([pose.world_V3 for pose in poses]), np.stack([pose.visibility_V for pose in poses])
    )
    shoulders_T = seen_TV[:, CENTRE]  # without them a frame says nothing
    times_T = np.array([pose.time_s - first_s for pose in poses])[shoulders_T]
    out_TVC = np.zeros((round(seconds * FPS) + 1, *joints_TVC.shape[1:]), np.float32)
    if len(times_T) < 2:
        return out_TVC
    known_TVC = bridge_gaps(times_T, joints_TVC[shoulders_T], seen_TV[shoulders_T])
    when_K = np.arange(len(out_TVC)) / FPS
    b_K = np.searchsorted(times_T, when_K).clip(1, len(times_T) - 1)
    gap_K = times_T[b_K] - times_T[b_K - 1]
    share_K = (when_K - times_T[b_K - 1]) / gap_K
    valid_K = (gap_K <= HOLD_S) & (share_K >= 0) & (share_K <= 1)
    a_K, b_K, share_K11 = b_K[valid_K] - 1, b_K[valid_K], share_K[valid_K, None, None]
    out_TVC[valid_K] = known_TVC[a_K] * (1 - share_K11) + known_TVC[b_K] * share_K11
    return out_TVC


def look(path: Path, pose_model: Path) -> np.ndarray:
    """Return the one or two people who move most in a video, (P, T, 25, 3) at 30 frames a second.

    Raises:
        VideoError: it cannot be read.
        ReadError: nobody is seen in it for long enough.
    """
    from app.classify.poses import poses_of
    from app.pose.landmarker import PoseSource
    from models.system.native_warnings import native_warnings_hidden

    with native_warnings_hidden(), poses_of(path, lambda: PoseSource(pose_model, MOST_PEOPLE)) as played:
        frames = list(played.frames)
    first_s, last_s = frames[0].time_s, frames[-1].time_s
    people = [even_frames(poses, last_s - first_s, first_s) for poses in follow(frames)]
    people = [person for person in people if person.any((1, 2)).mean() >= LEAST_SHOWN]
    if not people:
        raise ReadError(f"{path.name}: nobody is seen in it")
    return most_moving(people)


@dataclass(frozen=True)
class VideosReader(Reader):
    """Reader of videos that show one action each.

    The class is the folder below the source, or below its train/ and test/ (or val/).

    Splits: "folders" where the source has both; else "random", a fifth of each class by a fixed seed.

    Args:
        pose: name of the pose model (app.pose.model_file.KINDS).
    """

    pose: str = "wheel"
    kind = "videos"
    wanted = "videos, a folder a class"
    split_notes = {"random": "drawn by chance: one person's videos may be on both sides; use train/ and test/ folders"}

    def files(self, source: Path) -> list[Path]:
        paths = files_below(source)
        return [path for path in paths if is_video(path) and path.is_file() and not is_annotated(path)]

    def read(self, path: Path, source: Path) -> Iterator[RecordedClip | ReadError]:
        from app.pose.model_file import ensure_pose_model

        place = path.relative_to(source).parts if source.is_dir() else (path.name,)
        folders = place[1:-1] if _test_folder(source) else place[:-1]
        yield RecordedClip(
            "/".join(place), look(path, ensure_pose_model(self.pose)), FPS, folders[0] if folders else ""
        )

    def splits(self, columns: Columns, source: Path) -> dict[str, np.ndarray]:
        test_folder = _test_folder(source)
        if test_folder:
            top = [name.partition("/")[0] for name in columns.name.tolist()]
            return {"folders": np.array([{TRAIN_FOLDER: 1, test_folder: 0}.get(name, -1) for name in top], np.int8)}
        part_N, rng = np.ones(len(columns.label), np.int8), np.random.default_rng(SEED)
        for label in np.unique(columns.label):
            mine = rng.permutation(np.flatnonzero(columns.label == label))
            part_N[mine[: max(round(TEST_SHARE * len(mine)), len(mine) > 1)]] = 0
        return {"random": part_N}

    def settings(self, source: Path) -> str:
        from app.pose.model_file import ensure_pose_model

        return f"{self.kind} {FOLLOWED_BY} {hashlib.sha256(ensure_pose_model(self.pose).read_bytes()).hexdigest()}"


def _test_folder(source: Path) -> str | None:
    """Return the name of the folder of test videos beside the one of training videos.

    None where the source is not divided so.
    """
    if not (source / TRAIN_FOLDER).is_dir():
        return None
    return next((name for name in TEST_FOLDERS if (source / name).is_dir()), None)
