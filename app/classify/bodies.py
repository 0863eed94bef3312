"""The judgement of the bodies in a recording of landmarks, a second at a time, by the lengths of their limbs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable
from itertools import islice

import numpy as np

from app.landmarks.codec import LandmarkError
from app.types import Pose, PosedFrame
from models.body import Judgement, judge
from models.lost_joints import known_joints
from models.skeleton import bridge

_FRAMES = 30  # frames that are judged together


def bodies_of(frames: Iterable[tuple[float, list[Pose]]], name: str, notes: list[str]) -> Generator[PosedFrame]:
    """Yield the frames of a recording, without poses that are no bodies.

    Args:
        frames: (time in seconds, poses).
        name: what messages call the recording.
        notes: receives what there is to know of the bodies, after the last frame.

    Raises:
        LandmarkError: the landmarks are no metres.
    """
    noted: Counter[str] = Counter()
    judged = 0
    left = iter(frames)
    while some := list(islice(left, _FRAMES)):
        poses = [pose for _, poses in some for pose in poses]
        judgement = _judged(poses)
        if judgement.fault:
            raise LandmarkError(f"{name}: {judgement.fault}")
        judged += bool(poses)
        noted[judgement.note] += bool(poses)
        for time_s, there in some:
            yield PosedFrame(time_s, there if judgement.is_body else [])
    notes += [note for note, count in noted.items() if note and 2 * count > judged]


def _judged(poses: list[Pose]) -> Judgement:
    if not poses:
        return Judgement()
    world, visibility = (np.stack([getattr(pose, name) for pose in poses]) for name in ("world_V3", "visibility_V"))
    joints, seen_TV = bridge(world, visibility)
    return judge(joints, seen_TV & known_joints(joints)) if seen_TV.any() else Judgement()
