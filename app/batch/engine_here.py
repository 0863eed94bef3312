"""The engine that works on one input after the other, in this process."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from app.batch.jobs import InputJob
from app.batch.options import WorkerSetup
from app.batch.stop import Stop
from app.batch.work import Done, Listener, Worker

if TYPE_CHECKING:
    from app.broadcast.source import Sink
    from export.runtime import Recogniser


def work_here(
    jobs: Sequence[InputJob],
    setup: WorkerSetup,
    model: Recogniser,
    listener: Listener,
    stop: Stop,
    sinks: Sequence[Sink] = (),
) -> Generator[tuple[InputJob, Done]]:
    """Work on the jobs and yield each with its result, in order.

    Args:
        jobs: what to do.
        setup: how.
        model: the action model.
        listener: hears what goes on.
        stop: ends the work: a camera's results are completed, other inputs are left undone.
        sinks: where events of cameras go as they happen.
    """
    worker = Worker(setup, model, sinks)
    for job in jobs:
        if stop:
            return
        yield job, worker.do(job, listener, stop)
