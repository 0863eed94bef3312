"""The engine that works on inputs side by side, in several processes of this machine.

Any of the processes may die. That costs only the input it was working on.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from app.batch.jobs import InputJob
from app.batch.options import WorkerSetup
from app.batch.outputs import clear_parts
from app.batch.stop import Stop
from app.batch.work import Done, Listener, Worker, failed
from models.system.blas import one_blas_thread
from models.system.signals import FROM_TERMINALS

# Spawned: neither MediaPipe's threads nor FFmpeg's survive a fork.
_PROCESSES = get_context("spawn")
_END_S = 5.0  # time for a worker to end by itself


class _Process:
    """A worker process as the parent sees it."""

    def __init__(self, setup: WorkerSetup) -> None:
        self.job: InputJob | None = None
        self.talk, far_talk = _PROCESSES.Pipe()
        far_leash, self._leash = _PROCESSES.Pipe(duplex=False)
        self._process = _PROCESSES.Process(target=_serve, args=(setup, far_talk, far_leash), daemon=True)
        one_blas_thread()  # for the worker, which inherits it
        with _no_interrupts():
            self._process.start()
        far_talk.close()
        far_leash.close()

    def give(self, job: InputJob) -> None:
        """Send the process a job; if the process has died, reading from `talk` shows it."""
        self.job = job
        with suppress(OSError):
            self.talk.send(job)

    def stop(self) -> None:
        """Ask the process to stop its current job."""
        with suppress(OSError):
            self._leash.send(None)

    def end(self) -> None:
        """End the process, idle or not."""
        self.talk.close()
        if self.job is not None:
            self._process.kill()
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._leash.close()

    def obituary(self) -> str:
        """Return the reason why the process ended."""
        self._process.join(_END_S)
        code = self._process.exitcode
        if code == -signal.SIGKILL if hasattr(signal, "SIGKILL") else False:
            return "the process that worked on it was killed; perhaps the machine ran out of memory"
        return f"the process that worked on it died (exit code {code}); is the file damaged?"


def work_in_processes(
    jobs: Sequence[InputJob], setup: WorkerSetup, workers: int, listener: Listener, stop: Stop
) -> Generator[tuple[InputJob, Done]]:
    """Work on the jobs in several processes and yield each with its result, as it is done.

    Args:
        jobs: what to do.
        setup: how.
        workers: processes; each works on one input at a time.
        listener: hears what goes on.
        stop: ends the work: a camera's results are completed, other inputs are left undone.

    Raises:
        ValueError: a process cannot begin, for example because its model cannot be loaded.
    """
    waiting = deque(jobs)
    processes = [_Process(setup) for _ in range(min(workers, len(jobs)))]

    def stop_all() -> None:
        for process in processes:
            process.stop()

    try:
        with stop.calls(stop_all):
            for process in processes:
                process.give(waiting.popleft())
            while busy := {process.talk: process for process in processes if process.job is not None}:
                ready = wait(list(busy))
                for process in [busy[talk] for talk in busy if talk in ready]:
                    job, done = process.job, _hear(process.talk, listener)
                    assert job is not None, "it is busy"
                    if done is _TALKING:
                        continue
                    if done is None:
                        done = _lost(process, job, setup)
                        processes.remove(process)
                        process.end()
                        if waiting and not stop:
                            processes.append(process := _Process(setup))
                    process.job = None
                    yield job, done
                    if process in processes and waiting and not stop:
                        process.give(waiting.popleft())
    finally:
        for process in processes:
            process.end()


_TALKING = Done()


def _hear(talk: Connection, listener: Listener) -> Done | None:
    """Receive a worker's next message: its result, None if it died, or _TALKING if the job goes on."""
    try:
        kind, *content = talk.recv()
    except (EOFError, OSError):
        return None
    if kind == "done":
        return content[0]
    if kind == "broken":
        raise ValueError(content[0])
    getattr(listener, kind)(*content)
    return _TALKING


def _lost(process: _Process, job: InputJob, setup: WorkerSetup) -> Done:
    reason = process.obituary()
    clear_parts(setup.options.out, job.number)
    return failed(job, reason)


class _Teller:
    """A listener that sends everything to the parent process."""

    def __init__(self, talk: Connection) -> None:
        self._talk, self._lock = talk, threading.Lock()

    def at(self, number: int, time_s: float, claimed_s: float | None) -> None:
        self._send("at", number, time_s, claimed_s)

    def event(self, number: int, line: str) -> None:
        self._send("event", number, line)

    def say(self, number: int, line: str) -> None:
        self._send("say", number, line)

    def _send(self, *words: object) -> None:
        with self._lock:
            self._talk.send(words)


def _serve(setup: WorkerSetup, talk: Connection, leash: Connection) -> None:
    """Run a worker process from its start to its end."""
    from models.system.native_warnings import native_warnings_hidden

    stop = Stop()
    threading.Thread(target=_heed, args=(leash, stop), daemon=True).start()
    with native_warnings_hidden(), suppress(EOFError, OSError):
        try:
            worker = Worker(setup)
        except Exception as error:  # the parent reports it, once
            talk.send(("broken", str(error)))
            return
        while True:
            job = talk.recv()
            talk.send(("done", worker.do(job, _Teller(talk), stop)))


def _heed(leash: Connection, stop: Stop) -> None:
    """Stop the work when the parent asks for it, and end this process when the parent is gone."""
    try:
        leash.recv()
        stop.set()
        leash.recv()
    except (EOFError, OSError):
        os._exit(1)


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Keep Ctrl-C and a closed terminal from processes that start within this.

    A terminal tells all its processes; the parent tells its workers itself.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {kind: signal.signal(kind, signal.SIG_IGN) for kind in FROM_TERMINALS}
    try:
        yield
    finally:
        for kind, before in usual.items():
            signal.signal(kind, before)
