"""The work on one input, from its first frame to its result files, as each worker does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from app.batch.jobs import CLIPS, LANDMARKS, LIVE, VIDEO, InputJob, printable
from app.batch.options import WorkerSetup
from app.batch.outputs import ResultFiles, parts_of
from app.batch.play import open_input
from app.batch.stop import Stop, Stopped
from app.classify.counts import counted
from app.classify.formats import summary_row
from app.classify.one_input import Frame, frames_of, notes_of, summarise
from app.classify.summary import Summary
from app.sources.camera import camera_name
from app.types import Answer, PosedFrame
from models.system.atomic import OutputError
from models.system.words import count

if TYPE_CHECKING:
    from app.broadcast.source import Broadcast, Sink
    from export.runtime import Recogniser

_TELL_S = 0.5  # time between two reports of an input's progress
_LONGEST_REASON = 300


class Listener(Protocol):
    """A receiver of progress, events and messages of the work, in any thread."""

    def at(self, number: int, time_s: float, claimed_s: float | None) -> None:
        """Receive that a job has reached `time_s` of `claimed_s` seconds."""

    def event(self, number: int, line: str) -> None:
        """Receive an event that ended; `line` is its JSON."""

    def say(self, number: int, line: str) -> None:
        """Receive a line for the user."""


@dataclass(frozen=True, slots=True)
class Done:
    """The result of the work on one input.

    Attributes:
        rows: its rows of the summary, also that of an error.
        files: sizes of its files of results in bytes, by name.
        recordings: how many recordings in it were classified.
        said: a description of the result, in plain words.
        error: why it could not be done, or only in part; "" if it was done.
        stopped: whether the run was stopped before the input was done.
        unwritable: why results can no longer be written, "" if they can.
    """

    rows: list[list[str]] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    recordings: int = 0
    said: str = ""
    error: str = ""
    stopped: bool = False
    unwritable: str = ""


def failed(job: InputJob, reason: str, before: Done | None = None) -> Done:
    """Return the result of an input that failed, with what was done `before` it failed."""
    before = before or Done()
    rows = [*before.rows, summary_row(job.source, Summary(status=f"error: {reason}"))]
    return Done(rows, before.files, before.recordings, error=reason)


class Worker:
    """A worker, which works on one input after the other.

    Args:
        setup: what to do.
        model: the action model; None loads it.
        sinks: where events of cameras go as they happen.
    """

    def __init__(self, setup: WorkerSetup, model: Recogniser | None = None, sinks: Sequence[Sink] = ()) -> None:
        self._setup, self._sinks = setup, sinks
        self._model = setup.make_model() if model is None else model
        if setup.threads is not None:
            import cv2

            cv2.setNumThreads(setup.threads)

    def do(self, job: InputJob, listener: Listener, stop: Stop) -> Done:
        """Work on one input; an error is part of the result."""
        done, faults = Done(), list[str]()
        try:
            stop.check()  # a worker may begin after the run was ended
            if job.problem:
                raise ValueError(job.problem)
            parts = partial(self._clips, faults.append) if job.kind == CLIPS else self._frames
            events = 0
            for summary, outputs, files in parts(job, listener, stop):
                counts = str(outputs.counts) if self._setup.options.count else None
                row = summary_row(
                    outputs.source, summary, self._setup.options.top, outputs.events, outputs.name, counts
                )
                said = self._said(summary, outputs.events, counts)
                done = Done([*done.rows, row], done.files | files, done.recordings + 1, said)
                events += outputs.events
            if faults:
                raise ValueError(faults[0] if len(faults) == 1 else f"{faults[0]} (and {len(faults) - 1} more)")
            if not done.rows:
                raise ValueError("there is no clip in it")
        except OutputError as error:
            return Done(unwritable=str(error))
        except Stopped:
            return Done(stopped=True)
        except Exception as error:  # one input's error must not stop the others
            return failed(job, _reason(error, job), done)
        if job.kind == CLIPS:
            number = counted(counts) if done.recordings == 1 else ""
            said = f"{count(done.recordings, 'clip')}, {count(events, 'event')}{number}"
            return Done(done.rows, done.files, done.recordings, said)
        return done

    def _said(self, summary: Summary, events: int, counts: str | None) -> str:
        if not summary.label:
            return summary.status
        answer = self._model.display.get(summary.answer, summary.answer) or "not sure"
        sure = summary.answer == summary.label and summary.score >= self._model.thresholds["enter"]
        said = f"{answer}{f' {summary.score:.0%}' if sure else ''}, {count(events, 'event')}{counted(counts)}"
        return f"{said} ({summary.status})"

    def _broadcast(self, job: InputJob) -> AbstractContextManager[Broadcast | None]:
        """Return what tells other programs of a camera's events, if they want it."""
        if not self._sinks or job.kind != LIVE:
            return nullcontext()
        from app.broadcast.source import Broadcast

        keeps = partial(self._setup.options.keeps, score=1.0)
        return Broadcast(job.source, self._sinks, self._model.display, keeps)

    def _outputs(self, job: InputJob, mark: str, listener: Listener, broadcast: Broadcast | None = None) -> ResultFiles:
        options = self._setup.options
        return ResultFiles(
            options,
            parts_of(options.out, job.number),
            f"{job.source}{mark}",
            f"{job.name}{mark}",
            self._model,
            lambda line: listener.event(job.number, line),
            **({} if broadcast is None else {"tell": broadcast.end}),
        )

    def _frames(
        self, job: InputJob, listener: Listener, stop: Stop
    ) -> Iterator[tuple[Summary, ResultFiles, dict[str, int]]]:
        """Classify the frames of a video, a camera or recorded landmarks, and yield its summary and result files."""
        options, begun = self._setup.options, False
        tell = _Seldom(lambda at_s: listener.at(job.number, at_s, played.claimed_s))
        say = partial(listener.say, job.number)
        with (
            open_input(job, self._setup, stop, say) as played,
            self._broadcast(job) as broadcast,
            self._outputs(job, "", listener, broadcast) as outputs,
        ):
            if options.annotate:
                outputs.film(self._setup.threads)

            def keep(frame: PosedFrame, answer: Answer) -> None:
                nonlocal begun
                if options.skeletons and job.kind != LANDMARKS and not begun:
                    outputs.record(played.settings)
                begun = True
                outputs.frame(frame, answer)
                if broadcast is not None:
                    broadcast.frame(answer)
                tell(frame.time_s)

            # A camera ends by itself when the run stops, and its results so far are complete.
            frames = played.frames if job.kind == LIVE else _until(stop, played.frames)
            summary = self._summary(frames, outputs, keep, notes=played.notes)
            if not summary.frames:
                stop.check()
                raise ValueError("it gave no frame")
            yield summary, outputs, outputs.commit()

    def _clips(
        self, on_fault: Callable[[str], None], job: InputJob, listener: Listener, stop: Stop
    ) -> Iterator[tuple[Summary, ResultFiles, dict[str, int]]]:
        """Classify recorded skeletons, and yield the summary and result files of each clip that can be used."""
        from models.clips import read_clips

        assert isinstance(job.target, Path)
        tell = _Seldom(lambda clips: listener.at(job.number, clips, None))
        for clips, clip in enumerate(read_clips(job.target, lambda fault: on_fault(str(fault))), 1):
            mark = "" if clip.index is None else f"#{clip.index}"
            with self._outputs(job, mark, listener) as outputs:
                summary = self._summary(_until(stop, frames_of(clip)), outputs, notes=notes_of(clip), fps=clip.fps)
                yield summary, outputs, outputs.commit()
            tell(clips)

    def _summary(
        self,
        frames: Iterable[Frame],
        outputs: ResultFiles,
        keep: Callable[[Frame, Answer], None] | None = None,
        *,
        notes: Sequence[str] = (),
        fps: float | None = None,
    ) -> Summary:
        every_s = self._setup.options.every_s
        return summarise(self._model, frames, outputs.event, keep, notes=notes, fps=fps, hop_s=every_s)


def _until(stop: Stop, frames: Iterable[Frame]) -> Iterator[Frame]:
    """Yield the frames and raise Stopped when the run is to stop."""
    for frame in frames:
        stop.check()
        yield frame


def needs_pose(job: InputJob) -> bool:
    """Return whether an input has pictures, in which people must be found."""
    return job.kind in (VIDEO, LIVE) and not job.problem


def _reason(error: Exception, job: InputJob) -> str:
    """Return one sentence on what is wrong with an input."""
    text = " ".join(str(error).split())
    own = (str(job.target), job.target.name) if isinstance(job.target, Path) else (camera_name(job.target),)
    for name in own:
        text = text.removeprefix(f"{' '.join(name.split())}: ")
    if isinstance(error, MemoryError):
        text = "there is not enough memory for it"
    elif not isinstance(error, ValueError) or not text:  # an error that was not expected
        text = f"it cannot be read ({type(error).__name__}{': ' if text else ''}{text})"
    text = printable(text)
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]} ..."


class _Seldom:
    """A filter that passes on progress at most twice a second."""

    def __init__(self, tell: Callable[[float], None]) -> None:
        self._tell, self._told_s = tell, -np.inf

    def __call__(self, at: float) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s >= _TELL_S:
            self._told_s = now_s
            self._tell(at)
