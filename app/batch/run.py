"""A run of `python -m app classify`, from finding its inputs to collecting their results."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.batch.jobs import InputJob, find, live, make_jobs, real
from app.batch.journal import Entry, Journal, file_state
from app.batch.options import RAY, Options, WorkerSetup
from app.batch.outputs import EVENTS, EVENTS_SUFFIX, SUMMARY
from app.batch.progress import Progress
from app.batch.remarks import remarks
from app.batch.stop import Stop
from app.batch.tables import event_rows, refuse_foreign, write_table
from app.batch.work import Done, Listener, needs_pose
from app.classify.formats import EVENT_COLUMNS, columns
from app.landmarks.file_format import RECORD_SUFFIX
from app.sources.kinds import ANNOTATED_SUFFIX
from models.system.atomic import OutputError
from models.system.signals import TO_END, on_signals
from models.system.words import count

if TYPE_CHECKING:
    from app.broadcast.source import Sink
    from export.runtime import Recogniser

OK, SOME_FAILED = 0, 1


class Run:
    """One run of `classify`.

    Args:
        inputs: as the user named them.
        options: what to do with them.
        model: the action model.
        model_id: a text that identifies the model.
        make_model: loads the model in a worker.
        pose_model: makes or finds the pose model's file; called once, if an input needs it.
        pose_name: which pose model it is.
        threads: most threads of each worker's libraries; None lets them choose.
        sinks: where events of cameras go as they happen, where this process does the work.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        options: Options,
        model: Recogniser,
        model_id: str,
        make_model: Callable[[], Recogniser],
        pose_model: Callable[[], Path],
        pose_name: str = "",
        threads: int | None = None,
        sinks: Sequence[Sink] = (),
    ) -> None:
        self._sinks = sinks
        self._inputs, self._options, self._model = inputs, options, model
        self._make_model, self._pose_model = make_model, pose_model
        self._pose_name, self._threads = pose_name, threads
        self._made_by = json.dumps(
            {"format": 2, "model": model_id, "pose": pose_name, **options.that_shape_results()}, sort_keys=True
        )
        self._rows: dict[int, list[list[str]]] = {}
        self._files: dict[int, dict[str, int]] = {}
        self._recordings = self._failed = 0

    def __call__(self) -> int:
        """Run the command and return the exit code.

        Raises:
            OutputError: the results cannot be written.
            ValueError: the command is wrong.
            KeyboardInterrupt: it was stopped before all inputs were done; finished results are complete and in the
                summary.
        """
        for text in self._inputs:  # so that errors are reported before anything is written
            if not text:  # such as an unset "$VIDEO"; Path("") would be the current folder
                raise ValueError("an input is an empty text; name a file, a folder, a camera or an address")
            live(text)
        if self._options.seconds is not None and all(live(text) is None for text in self._inputs):
            raise ValueError(
                "--seconds is for cameras and addresses, and no input is one; files are read to their ends"
            )
        with Journal(self._options.out) as journal:
            refuse_foreign(self._options.out, [SUMMARY] + [EVENTS] * self._options.csv, journal.begun)
            jobs, kept = self._plan(journal)
            todo = [job for job in jobs if _key(job) not in kept]
            for job in jobs:
                if _key(job) in kept:
                    self._keep(job, kept[_key(job)])
            stop = Stop()
            with Progress(self._options, jobs, len(todo)) as progress, interrupts(stop):
                self._say_first(journal, kept, progress)
                # A run that cannot begin must leave existing results as they are.
                engine = self._engine(todo, self._setup(todo), progress, stop) if todo else _nothing()
                journal.begin(kept)
                try:
                    with closing(engine):
                        self._work(engine, todo, journal, progress)
                except BaseException:
                    with suppress(OutputError):  # the first error is the one to report
                        self._write_tables(jobs)
                    raise
                self._write_tables(jobs)
            if any(job.number not in self._rows for job in jobs):
                raise KeyboardInterrupt
            progress.finish(self._options.out / SUMMARY, self._recordings, self._failed, len(kept))
        return SOME_FAILED if self._failed else OK

    def _plan(self, journal: Journal) -> tuple[list[InputJob], dict[str, Entry]]:
        """Return all jobs, and the journal entries of those that need not be done again."""
        options = self._options
        leave_out = {real(options.out / name) for name in journal.results}
        targets = find(self._inputs, options.recursive, leave_out)
        jobs = make_jobs(targets)
        kept = {}
        if options.resume:
            entries = {_key(job): journal.entries[_key(job)] for job in jobs if _key(job) in journal.entries}
            sources = {_key(job): job.source for job in jobs}
            kept = {key: e for key, e in entries.items() if journal.holds(e, self._made_by, sources[key])}
            jobs = make_jobs(targets, {Path(key): entry.name for key, entry in kept.items()})
        self._refuse_overwriting(jobs)
        return jobs, kept

    def _say_first(self, journal: Journal, kept: dict[str, Entry], progress: Progress) -> None:
        """Tell the user what they should know before the work."""
        results = {real(self._options.out / name) for name in (*journal.results, SUMMARY, EVENTS)}
        for line in remarks(self._inputs, self._options.recursive, results):
            progress.say(-1, line)
        earlier = journal.others(kept)
        if earlier:
            be = "is" if earlier == 1 else "are"
            line = f"results of {count(earlier, 'earlier input')} {be} in {self._options.out}"
            line += " and do not fit this run" if self._options.resume else ""
            tables = f"{SUMMARY} and {EVENTS} are" if self._options.csv else f"{SUMMARY} is"
            line += f": those of the same names are replaced, and {tables} written anew"
            progress.say(-1, line + ("" if self._options.resume else " (--resume keeps what fits)"))

    def _refuse_overwriting(self, jobs: Sequence[InputJob]) -> None:
        inputs = {real(job.target) for job in jobs if isinstance(job.target, Path)}
        suffixes = [RECORD_SUFFIX] * self._options.skeletons + [ANNOTATED_SUFFIX] * self._options.annotate
        for job in jobs:
            for suffix in suffixes:
                path = self._options.out / f"{job.name}{suffix}"
                if real(path) in inputs and not (suffix == RECORD_SUFFIX and not needs_pose(job)):
                    raise ValueError(f"{path} is one of the inputs and would be replaced; choose another --out")

    def _keep(self, job: InputJob, entry: Entry) -> None:
        self._rows[job.number], self._files[job.number] = entry.rows, entry.files
        self._recordings += len(entry.rows)

    def _work(
        self, engine: Iterator[tuple[InputJob, Done]], todo: Sequence[InputJob], journal: Journal, progress: Progress
    ) -> None:
        states = {job.number: file_state(job.target) for job in todo if isinstance(job.target, Path)}
        for job, done in engine:
            if done.unwritable:
                raise OutputError(done.unwritable)
            if done.stopped:
                continue
            self._rows[job.number], self._files[job.number] = done.rows, done.files
            self._recordings += done.recordings
            self._failed += bool(done.error)
            state = states.get(job.number)
            if state is not None and not done.error:
                journal.add(Entry(_key(job), *state, self._made_by, job.source, job.name, done.rows, done.files))
            elif done.files:
                journal.add_results(done.files)
            progress.done(job, done)

    def _setup(self, todo: Sequence[InputJob]) -> WorkerSetup:
        make_pose, no_pose = None, ""
        if any(needs_pose(job) for job in todo):
            from app.pose.landmarker import PoseSource

            try:
                make_pose = partial(PoseSource, self._pose_model())
            except ValueError as error:  # recorded skeletons need no pose model
                no_pose = str(error)
        return WorkerSetup(
            options=self._options,
            make_model=self._make_model,
            make_pose=make_pose,
            no_pose=no_pose,
            pose_name=self._pose_name,
            threads=self._threads,
        )

    def _engine(
        self, todo: Sequence[InputJob], setup: WorkerSetup, listener: Listener, stop: Stop
    ) -> Generator[tuple[InputJob, Done]]:
        options = self._options
        if options.engine == RAY:
            from app.batch.engine_ray import work_on_ray

            return work_on_ray(todo, setup, options.workers, options.ray_address, listener, stop)
        if options.workers > 1:
            from app.batch.engine_processes import work_in_processes

            return work_in_processes(todo, setup, options.workers, listener, stop)
        from app.batch.engine_here import work_here

        return work_here(todo, setup, self._model, listener, stop, self._sinks)

    def _write_tables(self, jobs: Sequence[InputJob]) -> None:
        """Write the summary of finished inputs, in the order of the inputs, and the table of all events."""
        done = [job.number for job in jobs if job.number in self._rows]
        rows = (row for number in done for row in self._rows[number])
        write_table(self._options.out / SUMMARY, columns(self._options.top, self._options.count), rows)
        if self._options.csv:
            names = (name for number in done for name in self._files[number] if name.endswith(EVENTS_SUFFIX))
            write_table(self._options.out / EVENTS, EVENT_COLUMNS, event_rows(self._options.out / n for n in names))


def _nothing() -> Generator[tuple[InputJob, Done]]:
    yield from ()


def _key(job: InputJob) -> str:
    """Return the key of a job's file in the journal, or "" (never a key) if the job has no file."""
    return str(real(job.target)) if isinstance(job.target, Path) else ""


def _stop(stop: Stop) -> None:
    with suppress(OSError):  # the terminal may be gone
        print("\nstopping; Ctrl-C once more stops at once", file=sys.stderr)
    stop.set()


@contextmanager
def interrupts(stop: Stop) -> Iterator[None]:
    """Set `stop` at the first Ctrl-C, SIGTERM or SIGHUP within this, and raise KeyboardInterrupt at the next one."""

    def on_signal(number: int, frame: object) -> None:
        if stop:
            raise KeyboardInterrupt
        # A thread of its own: the main thread may hold the locks that `set` takes.
        threading.Thread(target=_stop, args=(stop,), name="stop").start()

    with on_signals((signal.SIGINT, *TO_END), on_signal):
        yield
