"""One recording from its first frame to its last: a video, or a recorded skeleton.

Shapes: C classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.stream import FILE_HOP_S, ActionStream
from app.types import ActionEvent, Answer

if TYPE_CHECKING:
    from export.runtime import ActionModel
    from models.clips import Clip


@dataclass(frozen=True, slots=True)
class Summary:
    """What one recording is, as one line.

    Attributes:
        ranked: every label with its score for the whole recording, best first; empty where nobody could be judged.
        frames: frames read.
        seconds: duration.
        fps: frames a second, on average.
        people: largest number of people seen at once (in at least a tenth of the frames that show anybody).
        status: "ok", "no person", "too short" or "error", and after a colon what else there is to know.
    """

    ranked: tuple[tuple[str, float], ...] = ()
    frames: int = 0
    seconds: float = 0.0
    fps: float = 0.0
    people: int = 0
    status: str = "ok"

    @property
    def label(self) -> str:
        """Short id of the best label, or ""."""
        return self.place(0)

    @property
    def score(self) -> float:
        """Score of the best label in [0, 1], 0 without one."""
        return self.ranked[0][1] if self.ranked else 0.0

    def place(self, rank: int) -> str:
        """Short id of the label at a rank from 0, or ""."""
        return self.ranked[rank][0] if rank < len(self.ranked) else ""


LEAST_SHOWN = 0.1  # with people in a smaller share of the frames, a recording is one of nobody


class _Tally:
    """Counts of one recording while it runs."""

    def __init__(self, stream: ActionStream, labels: tuple[str, ...]) -> None:
        self._stream, self._labels = stream, labels
        self._found: Counter[int] = Counter()  # frames by the number of people in them

    def add(self, answer: Answer) -> None:
        self._found[answer.people] += 1

    def _people(self) -> int:
        shown = {n: frames for n, frames in self._found.items() if n > 0}
        return max((n for n in shown if shown[n] * 10 >= sum(shown.values())), default=0)

    def summary(self, frames: int, seconds: float, fps: float, notes: list[str]) -> Summary:
        scores_C = self._stream.clip.mean_C
        ranked: tuple[tuple[str, float], ...] = ()
        shown = 1 - self._found[0] / max(frames, 1)
        if scores_C is not None and shown < LEAST_SHOWN:
            # The landmarker takes things for people now and then; such a glimpse says nothing of the whole recording.
            kind, notes = "no person", [f"somebody seems to be seen in {100 * shown:.0f} % of the frames", *notes]
        elif scores_C is not None:
            kind = "ok"
            order = np.argsort(-scores_C, kind="stable")
            ranked = tuple((self._labels[c], float(scores_C[c])) for c in order)
        else:
            # Nobody could be judged: where few frames show somebody, those are taken for the landmarker's mistakes.
            kind = "too short" if 2 * self._found[0] < frames else "no person"
        people = 0 if kind == "no person" else self._people()
        if people > 1:
            notes = [f"{people} people, the label is the nearest one's", *notes]
        status = f"{kind}: {'; '.join(notes)}" if notes else kind
        return Summary(ranked, frames, seconds, fps, people, status)


def classify_video(
    path: str | Path,
    model: ActionModel,
    pose_model: str | Path,
    on_event: Callable[[ActionEvent], None],
    on_frame: Callable[[float, float | None, Answer], None] | None = None,
) -> Summary:
    """Classify one video file, in memory that does not grow with its length.

    Args:
        path: the video.
        model: the action model.
        pose_model: a pose model file (app.pose_model.ensure_pose_model).
        on_event: takes each event when it ends.
        on_frame: told after every frame: its time, the duration that the file claims (None if unknown), the answer.

    Raises:
        VideoError: the file is not a readable video.
    """
    from app.pose import PoseSource
    from app.video import VideoReader

    stream = ActionStream(model, FILE_HOP_S)
    tally = _Tally(stream, model.labels)
    with VideoReader(path) as video, PoseSource(pose_model) as source:
        for time_s, rgb_HWC in video:
            answer = stream.push(time_s, source.detect(rgb_HWC, time_s))
            tally.add(answer)
            for event in answer.events:
                on_event(event)
            if on_frame is not None:
                on_frame(time_s, video.claimed_s, answer)
        for event in stream.finish():
            on_event(event)
        fps = (video.frames - 1) / video.last_s if video.last_s > 0 else 0.0
        seconds = video.frames / fps if fps else 0.0
        return tally.summary(video.frames, seconds, fps, [video.note] if video.note else [])


def classify_clip(clip: Clip, model: ActionModel, on_event: Callable[[ActionEvent], None]) -> Summary:
    """Classify one recorded skeleton; see `classify_video`."""
    stream = ActionStream(model, FILE_HOP_S)
    tally = _Tally(stream, model.labels)
    for i, (joints_V3, seen) in enumerate(zip(clip.joints_TV3, clip.seen_T)):
        answer = stream.push_joints(i / clip.fps, joints_V3, np.full(len(joints_V3), seen))
        tally.add(answer)
        for event in answer.events:
            on_event(event)
    for event in stream.finish():
        on_event(event)
    return tally.summary(len(clip.joints_TV3), clip.seconds, clip.fps, [])
