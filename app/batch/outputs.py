"""The result files of one recording.

They are staged in a folder of their own and moved to their places when all are complete.

Shapes: H rows, W columns, C colours (3, red green blue).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from app.batch.options import Options
from app.classify.counts import Counts
from app.classify.formats import event_line
from app.classify.subtitles import webvtt
from app.landmarks.file_format import RECORD_SUFFIX
from app.sources.kinds import ANNOTATED_SUFFIX
from app.types import ActionEvent, Answer, PosedFrame
from models.system.atomic import OutputError, WholeFile, move_into_place

if TYPE_CHECKING:
    from app.batch.annotate import AnnotatedVideo
    from app.landmarks.writer import LandmarkWriter
    from export.runtime import Recogniser

EVENTS_SUFFIX, SUBTITLES_SUFFIX = ".jsonl", ".vtt"
SUMMARY, EVENTS = "summary.csv", "events.csv"
PARTS = ".classify-parts"  # folder for unfinished files, in the folder of results


def parts_of(out: Path, number: int) -> Path:
    """Return the folder in which this process stages the files of a job."""
    return out / PARTS / f"{number}.{os.getpid()}"


def clear_parts(out: Path, number: int | None = None) -> None:
    """Remove the staged files of one job, or of all, that dead workers left."""
    if number is None:
        shutil.rmtree(out / PARTS, ignore_errors=True)
    else:
        for folder in (out / PARTS).glob(f"{number}.*"):
            shutil.rmtree(folder, ignore_errors=True)


class ResultFiles:
    """A writer of all result files of one recording.

    Call `commit` at the end; without it, the `with` leaves nothing behind.

    Args:
        options: which files to write, and which events to keep.
        parts: a folder for unfinished files; made if missing.
        source: what the results call the recording.
        name: what its files are called.
        model: the recogniser, whose labels and words are written.
        on_event: takes each event that is kept, as a line of JSON.
        tell: takes each event and whether it is kept, and returns the id by which other programs know it.

    Attributes:
        source, name: as given.
        events: how many events were kept.
        counts: the sum of their repetitions.

    Raises:
        OutputError: something cannot be written (also from all methods).
    """

    def __init__(
        self,
        options: Options,
        parts: Path,
        source: str,
        name: str,
        model: Recogniser,
        on_event: Callable[[str], None],
        tell: Callable[[ActionEvent, bool], str] = lambda event, kept: "",
    ) -> None:
        self._options, self._parts = options, parts
        self.source, self.name, self.events, self.counts = source, name, 0, Counts()
        self._words, self._on_event, self._tell = model.display, on_event, tell
        self._landmarks: LandmarkWriter | None = None
        self._video: AnnotatedVideo | None = None
        try:
            parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot write in {options.out}: {error.strerror}; choose another --out") from None
        self._lines = WholeFile(self._part(EVENTS_SUFFIX), staged=True)

    def _part(self, suffix: str) -> Path:
        return self._parts / f"{self.name}{suffix}"

    def record(self, settings: dict[str, str | float]) -> None:
        """Record the landmarks of the frames to come; `settings` say how they were made."""
        from app.landmarks.writer import LandmarkWriter

        self._landmarks = LandmarkWriter(self._part(RECORD_SUFFIX), settings)

    def film(self, threads: int | None) -> None:
        """Write an annotated video of the frames to come."""
        from app.batch.annotate import AnnotatedVideo

        self._video = AnnotatedVideo(self._part(ANNOTATED_SUFFIX), self._words, threads)

    def event(self, event: ActionEvent) -> None:
        """Write an event that has ended."""
        kept = self._options.keeps_event(event)
        number = self._tell(event, kept)
        if kept:
            line = event_line(self.source, event, self._options.top, number)
            self._lines.write(line + "\n")
            self.events += 1
            self.counts.add(event)
            self._on_event(line)

    def frame(self, frame: PosedFrame, answer: Answer) -> None:
        """Write a frame and the stream's answer to it; the frame's picture is drawn on."""
        from app.batch.people import Followed, followed, numbered

        if self._landmarks is not None:
            self._landmarks.add(frame.time_s, numbered(answer, frame.poses))
        if self._video is not None and frame.rgb_HWC is not None:
            keeps = self._options.keeps
            people = [
                person if keeps(person.label, person.score) else Followed(person.number, person.pose, None, 0.0)
                for person in followed(answer)
            ]
            self._video.add(frame.time_s, frame.rgb_HWC, people)

    def commit(self) -> dict[str, int]:
        """Move all files to their places, replacing older ones, and return their sizes in bytes by name."""
        self._lines.commit()
        if self._options.vtt:
            self._write_subtitles()
        for writer in (self._landmarks, self._video):
            if writer is not None:
                writer.close()
        try:
            parts = sorted(self._parts.iterdir())
            sizes = {part.name: part.stat().st_size for part in parts}
            move_into_place({part: self._options.out / part.name for part in parts})
        except OSError as error:
            raise OutputError(f"cannot write in {self._options.out}: {error.strerror}; choose another --out") from None
        return sizes

    def _write_subtitles(self) -> None:
        with open(self._part(EVENTS_SUFFIX), encoding="utf-8") as lines:
            events = [json.loads(line) for line in lines]
        with WholeFile(self._part(SUBTITLES_SUFFIX), staged=True) as file:
            for part in webvtt(events, self._words):
                file.write(part)

    def __enter__(self) -> ResultFiles:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._lines.discard()
        if self._video is not None:
            self._video.discard()
        if self._landmarks is not None:
            with suppress(OutputError):  # a full disk may refuse the last piece, which is thrown away anyway
                self._landmarks.close()
        shutil.rmtree(self._parts, ignore_errors=True)
