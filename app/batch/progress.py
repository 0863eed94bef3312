"""The progress of a run as the user sees it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Never, TypedDict

from app.batch.jobs import CLIPS, InputJob, printable
from app.batch.options import Options
from app.batch.work import Done
from models.system.atomic import OutputError
from models.system.words import count

if TYPE_CHECKING:
    from tqdm import tqdm


class _Often(TypedDict):
    """The options of tqdm that say how often bars are drawn, if at all."""

    mininterval: float
    disable: bool


class Progress:
    """The display of bars, a line for each input, errors, and events on standard output; a context manager.

    With `json_lines`, nothing but events goes to standard output; with `quiet`, only errors are shown. Every method
    that prints raises OutputError once standard output is closed.

    Args:
        options: what is to be shown.
        jobs: all inputs.
        todo: how many of them are to be worked on.
    """

    def __init__(self, options: Options, jobs: Sequence[InputJob], todo: int) -> None:
        from tqdm import tqdm

        self._options, self._jobs = options, {job.number: job for job in jobs}
        self._tqdm = tqdm
        self._bars: dict[int, tqdm[Never]] = {}
        self._events = sys.stdout  # kept, because Ray later prints into sys.stdout
        self._usual = sys.stderr if options.json_lines else sys.stdout
        for stream in (sys.stdout, sys.stderr):  # a file's name may hold letters that a terminal's encoding lacks
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        if options.json_lines and isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # like the files of events, whatever the terminal's encoding is
        # Without a terminal that redraws them, bars would fill a log.
        self._often: _Often = {"mininterval": 0.2, "disable": options.quiet or not sys.stderr.isatty()}
        self._all = tqdm(total=len(jobs), initial=len(jobs) - todo, desc="inputs", unit="input", **self._often)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for bar in (*self._bars.values(), self._all):
            bar.close()

    def at(self, number: int, time_s: float, claimed_s: float | None) -> None:
        """Show that a job has reached `time_s` of `claimed_s` seconds, or so many clips."""
        bar = self._bars.get(number)
        if bar is None:
            job = self._jobs[number]
            unit = "clip" if job.kind == CLIPS else "s"
            bar = self._bars[number] = self._tqdm(desc=printable(job.source), unit=unit, leave=False, **self._often)
        bar.total = None if claimed_s is None else round(max(claimed_s, time_s), 1)
        bar.update(round(time_s, 1) - bar.n)

    def event(self, number: int, line: str) -> None:
        """Show an event that ended; `line` is its JSON."""
        if self._options.json_lines:
            self._print(line, self._events)

    def done(self, job: InputJob, done: Done) -> None:
        """Show that an input is done or has failed."""
        bar = self._bars.pop(job.number, None)
        if bar is not None:
            bar.close()
        self._all.update()
        if done.error:
            self._print(f"{job.shown}: {done.error}", sys.stderr)
        else:
            self.say(job.number, f"{job.shown}: {done.said}")

    def say(self, number: int, line: str) -> None:
        """Show a line, unless the user wants none."""
        if not self._options.quiet:
            self._print(line, self._usual)

    def finish(self, summary: Path, recordings: int, failed: int, kept: int) -> None:
        """Show the last line, which counts the results."""
        line = f"{summary}: {count(recordings, 'recording')}"
        line += f", {count(kept, 'input')} already done" if kept else ""
        line += f", {count(failed, 'input')} failed" if failed else ""
        self.say(-1, line)

    def _print(self, line: str, stream: IO[str] | None) -> None:
        """Print a line above the bars."""
        if stream is None:  # the calling program closed it
            return
        try:
            with self._tqdm.external_write_mode(file=stream):
                print(line, file=stream, flush=True)
        except OSError:
            # Otherwise Python would try the rest of the buffer again when it ends, and fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            if stream is not sys.stderr:
                raise OutputError("nobody takes standard output any more; what was finished is whole") from None
