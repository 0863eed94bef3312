"""One video or recorded skeleton, from its first frame to its last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.stream.action_stream import FILE_HOP_S, ActionStream
from app.types import ActionEvent, Answer

if TYPE_CHECKING:
    from export.runtime import Recogniser
    from models.clips import Clip
from app.classify.summary import Summary, Tally


def classify_video(
    path: str | Path,
    model: Recogniser,
    pose_model: str | Path,
    on_event: Callable[[ActionEvent], None],
    on_frame: Callable[[float, float | None, Answer], None] | None = None,
) -> Summary:
    """Classify one video file, in memory that does not grow with its length.

    Args:
        path: the video.
        model: the action model.
        pose_model: a pose model file (app.pose.model_file.ensure_pose_model).
        on_event: takes each event when it ends, or later (see Tally).
        on_frame: told after every frame: its time, the duration that the file claims (None if unknown), the answer.

    Raises:
        VideoError: the file is not a readable video.
    """
    from app.pose.landmarker import PoseSource
    from app.sources.video import VideoReader

    stream = ActionStream(model, FILE_HOP_S)
    tally = Tally(stream, model.labels, on_event)
    with VideoReader(path) as video, PoseSource(pose_model) as source:
        for time_s, rgb_HWC in video:
            answer = stream.push(time_s, source.detect(rgb_HWC, time_s))
            tally.add(answer)
            if on_frame is not None:
                on_frame(time_s, video.claimed_s, answer)
        fps = (video.frames - 1) / video.last_s if video.last_s > 0 else 0.0
        seconds = video.frames / fps if fps else 0.0
        return tally.finish(seconds, fps, [video.note] if video.note else [])


def classify_clip(clip: Clip, model: Recogniser, on_event: Callable[[ActionEvent], None]) -> Summary:
    """Classify one recorded skeleton; see `classify_video`."""
    stream = ActionStream(model, FILE_HOP_S)
    tally = Tally(stream, model.labels, on_event)
    for i, (joints_V3, seen) in enumerate(zip(clip.joints_TV3, clip.seen_T)):
        tally.add(stream.push_joints(i / clip.fps, joints_V3, np.full(len(joints_V3), seen)))
    return tally.finish(clip.seconds, clip.fps, [])
