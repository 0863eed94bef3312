"""One video or recorded skeleton, from its first frame to its last: its events, and its summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from app.classify.poses import poses_of
from app.classify.summary import Summary, Tally
from app.stream.action_stream import FILE_HOP_S, ActionStream
from app.types import ActionEvent, Answer, JointFrame, PosedFrame

if TYPE_CHECKING:
    from export.runtime import Recogniser
    from models.clips import Clip

Frame = TypeVar("Frame", PosedFrame, JointFrame)


def play(stream: ActionStream, frames: Iterable[Frame]) -> Iterator[tuple[Frame, Answer]]:
    """Each frame with the stream's answer to it; the stream is not finished by this."""
    for frame in frames:
        if isinstance(frame, JointFrame):
            yield frame, stream.push_joints(frame.time_s, frame.joints_V3, frame.seen_V)
        else:
            yield frame, stream.push(frame.time_s, frame.poses)


def events_of(stream: ActionStream, frames: Iterable[Frame]) -> list[ActionEvent]:
    """All events of some frames, in the order in which they ended; finishes the stream."""
    events = [event for _, answer in play(stream, frames) for event in answer.events]
    return events + stream.finish()


def summarise(
    model: Recogniser,
    frames: Iterable[Frame],
    on_event: Callable[[ActionEvent], None],
    on_frame: Callable[[Frame, Answer], None] | None = None,
    *,
    notes: Sequence[str] = (),
    fps: float | None = None,
    hop_s: float = FILE_HOP_S,
) -> Summary:
    """Play frames to a stream of their own, and sum up.

    Args:
        model: recognises.
        frames: in order.
        on_event: takes each event when it ends, or later (see Tally).
        on_frame: told each frame and the answer to it.
        notes: what else there is to know; looked at after the last frame.
        fps: frames a second; None takes the mean of the frames' times.
        hop_s: seconds between two classifications.
    """
    stream = ActionStream(model, hop_s)
    tally = Tally(stream, model.labels, on_event)
    count, first_s, last_s = 0, 0.0, 0.0
    for frame, answer in play(stream, frames):
        tally.add(answer)
        if on_frame is not None:
            on_frame(frame, answer)
        count, first_s, last_s = count + 1, first_s if count else frame.time_s, frame.time_s
    if fps is None:
        fps = (count - 1) / (last_s - first_s) if last_s > first_s else 0.0
    return tally.finish(count / fps if fps else 0.0, fps, list(notes))


def classify_video(
    path: str | Path,
    model: Recogniser,
    pose_model: str | Path,
    on_event: Callable[[ActionEvent], None],
    on_frame: Callable[[float, float | None, Answer], None] | None = None,
) -> Summary:
    """Classify one video or recording of landmarks, in memory that does not grow with its length.

    Args:
        path: the file.
        model: recognises.
        pose_model: a pose model file (app.pose.model_file.ensure_pose_model).
        on_event: takes each event when it ends, or later (see Tally).
        on_frame: told after every frame: its time, the duration that the file claims (None if unknown), the answer.

    Raises:
        VideoError, LandmarkError: the file cannot be read.
    """
    from app.pose.landmarker import PoseSource

    with poses_of(path, lambda: PoseSource(pose_model)) as played:

        def told(frame: PosedFrame, answer: Answer) -> None:
            if on_frame is not None:
                on_frame(frame.time_s, played.claimed_s, answer)

        return summarise(model, played.frames, on_event, told, notes=played.notes)


def classify_clip(clip: Clip, model: Recogniser, on_event: Callable[[ActionEvent], None]) -> Summary:
    """Classify one recorded skeleton; see `classify_video`."""
    return summarise(model, frames_of(clip), on_event, fps=clip.fps)


def frames_of(clip: Clip) -> Iterator[JointFrame]:
    """The frames of a recorded skeleton; lost ones, with nothing seen, among them."""
    for i, (joints_V3, seen) in enumerate(zip(clip.joints_TV3, clip.seen_T, strict=True)):
        yield JointFrame(i / clip.fps, joints_V3, np.full(len(joints_V3), seen))
