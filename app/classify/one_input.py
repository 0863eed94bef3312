"""The classification of one video or recorded skeleton: its events and its summary."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from app.classify.poses import poses_of
from app.classify.summary import Summary, Tally, answer_of
from app.stream.action_stream import FILE_HOP_S, ActionStream
from app.types import ActionEvent, Answer, JointFrame, PosedFrame
from models.resample import too_few
from models.system.native_warnings import native_warnings_hidden
from models.system.places import DEFAULT_MODEL, model_file

if TYPE_CHECKING:
    from app.pose.landmarker import PoseSource
    from export.runtime import Recogniser
    from models.clips import Clip

Frame = TypeVar("Frame", PosedFrame, JointFrame)


def play(stream: ActionStream, frames: Iterable[Frame]) -> Iterator[tuple[Frame, Answer]]:
    """Yield each frame with the stream's answer to it, without finishing the stream."""
    for frame in frames:
        if isinstance(frame, JointFrame):
            yield frame, stream.push_joints(frame.time_s, frame.joints_V3, frame.seen_V)
        else:
            yield frame, stream.push(frame.time_s, frame.poses)


def events_of(stream: ActionStream, frames: Iterable[Frame]) -> list[ActionEvent]:
    """Return all events of some frames, in the order in which they ended, and finish the stream."""
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
    """Play frames to a stream of their own and summarise its answers.

    Args:
        model: the recogniser.
        frames: in order.
        on_event: called with each event when it ends, or later (see Tally).
        on_frame: called with each frame and the answer to it.
        notes: further remarks; read after the last frame.
        fps: frames a second; None takes the mean of the frames' times.
        hop_s: seconds between two classifications.
    """
    stream = ActionStream(model, hop_s)
    said: set[str] = set()

    def give(event: ActionEvent) -> None:
        said.add(event.label)
        on_event(event)

    tally = Tally(stream, model.labels, give)
    count, first_s, last_s = 0, 0.0, 0.0
    for frame, answer in play(stream, frames):
        tally.add(answer)
        if on_frame is not None:
            on_frame(frame, answer)
        count, first_s, last_s = count + 1, first_s if count else frame.time_s, frame.time_s
    if fps is None:
        fps = (count - 1) / (last_s - first_s) if last_s > first_s else 0.0
    summary = tally.finish(count / fps if fps else 0.0, fps, list(notes))
    if too_few(summary.fps):
        return summary
    return replace(summary, answer=answer_of(summary.ranked, said, model.thresholds))


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one input.

    Attributes:
        summary: one answer for the whole input, about the nearest person.
        events: everybody's actions, in the order in which they were given.
    """

    summary: Summary
    events: tuple[ActionEvent, ...]


def classify_video(
    path: str | Path,
    model: Recogniser | str | Path | None = None,
    pose_model: str | Path | None = None,
    on_event: Callable[[ActionEvent], None] | None = None,
    on_frame: Callable[[float, float | None, Answer], None] | None = None,
) -> Result:
    """Classify one video or recording of landmarks (.ikem).

    Memory does not grow with its length, except for its events. What MediaPipe and ONNX Runtime write to file
    descriptor 2 is held back meanwhile, and told only if they end the process; `python -X dev` shows it.

    Args:
        path: the file.
        model: the recogniser, or the path of a model file, which is loaded for this call ("open" names the shipped
            one with open terms); None takes the shipped default, which is loaded once.
        pose_model: a pose model file, for a video; None takes the default one, which is made or fetched on first use.
        on_event: called with each event when it ends, or later (see Tally).
        on_frame: called after every frame with its time, the duration that the file claims (None if unknown) and the
            answer.

    Raises:
        VideoError, LandmarkError: the file cannot be read.
        ModelFileError, PoseModelError: the model or the pose model is not available.
        TypeError: `model` is neither a recogniser nor a path.
    """
    with native_warnings_hidden(), ExitStack() as opened:
        recogniser = _recogniser(model)
        played = opened.enter_context(poses_of(path, partial(_pose_source, pose_model)))

        def told(frame: PosedFrame, answer: Answer) -> None:
            if on_frame is not None:
                on_frame(frame.time_s, played.claimed_s, answer)

        events, take = _kept(on_event)
        summary = summarise(recogniser, played.frames, take, told, notes=played.notes)
    return Result(summary, tuple(events))


def classify_clip(
    clip: Clip | str | Path,
    model: Recogniser | str | Path | None = None,
    on_event: Callable[[ActionEvent], None] | None = None,
) -> Result:
    """Classify one recorded skeleton.

    Args:
        clip: the clip, or an .npz file that holds only one (`models.clips.read_clips` reads one of many).
        model: the recogniser, or the path of a model file, which is loaded for this call ("open" names the shipped
            one with open terms); None takes the shipped default, which is loaded once.
        on_event: called with each event when it ends, or later (see Tally).

    Raises:
        ClipFileError: the file cannot be read, or does not hold exactly one clip.
        ModelFileError: the model is not available.
        TypeError: `model` is neither a recogniser nor a path.
    """
    one = _only_clip(clip) if isinstance(clip, str | Path) else clip
    events, take = _kept(on_event)
    with native_warnings_hidden():
        summary = summarise(_recogniser(model), frames_of(one), take, notes=notes_of(one), fps=one.fps)
    return Result(summary, tuple(events))


def _recogniser(model: Recogniser | str | Path | None) -> Recogniser:
    """Return the recogniser that a caller gave, or that of the file that a path names; None names the shipped one.

    Raises:
        ModelFileError: the model is missing or damaged.
        TypeError: this is neither a recogniser nor a path.
    """
    if model is None:
        return default_model()
    if isinstance(model, str | Path):
        from export.runtime import ActionModel

        return ActionModel(model_file(model) if isinstance(model, str) else model)
    if not (callable(model) and hasattr(model, "labels")):
        raise TypeError(f"`model` is a Recogniser, the path of a model file or None; got {type(model).__name__}")
    return model


@functools.cache
def default_model() -> Recogniser:
    """Load the shipped model on the best device of this machine.

    Raises:
        ModelFileError: it is missing or damaged.
    """
    from export.runtime import ActionModel

    return ActionModel(DEFAULT_MODEL)


def _pose_source(pose_model: str | Path | None) -> PoseSource:
    from app.pose.landmarker import PoseSource
    from app.pose.model_file import ensure_pose_model

    return PoseSource(ensure_pose_model() if pose_model is None else pose_model)


def _only_clip(path: str | Path) -> Clip:
    from models.clips import ClipFileError, read_clips

    clips = list(islice(read_clips(path), 2))
    if len(clips) != 1:
        held = "more than one clip: classify each of models.clips.read_clips(path)" if clips else "no clip"
        raise ClipFileError(f"{path} holds {held}")
    return clips[0]


def _kept(on_event: Callable[[ActionEvent], None] | None) -> tuple[list[ActionEvent], Callable[[ActionEvent], None]]:
    """Return a list, and a function that appends each event to it and passes the event on."""
    events: list[ActionEvent] = []

    def take(event: ActionEvent) -> None:
        events.append(event)
        if on_event is not None:
            on_event(event)

    return events, take


def frames_of(clip: Clip) -> Iterator[JointFrame]:
    """Yield the frames of a recorded skeleton; a lost frame has no joint seen."""
    for i, (joints_V3, seen_V) in enumerate(zip(clip.joints_TV3, clip.seen_TV, strict=True)):
        yield JointFrame(i / clip.fps, joints_V3, seen_V)


def notes_of(clip: Clip) -> list[str]:
    """Return what there is to know of a recorded skeleton, for its summary."""
    notes = [clip.note] if clip.note else []
    if not len(clip.joints_TV3):
        notes.append("there is no frame in it")
    return notes
