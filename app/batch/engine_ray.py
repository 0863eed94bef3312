"""The engine that works on inputs on a Ray cluster, each as a shard of its own.

If a worker is lost, its shard is done again elsewhere.

Every machine of the cluster must see this folder, the inputs and the results under the same paths.
"""

from __future__ import annotations

import os
import socket
import sys
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any

from app.batch.jobs import LIVE, InputJob
from app.batch.options import WorkerSetup
from app.batch.outputs import EVENTS_SUFFIX, clear_parts
from app.batch.stop import Stop
from app.batch.work import Done, Listener, Worker, failed
from models.system.places import ROOT

_RETRIES = 3  # tries of a shard whose worker was lost, after the first
_LOOK_S = 1.0  # time between two looks whether the run is to end
_ANSWER_S = 5.0  # time for a cluster's head to accept a connection
_STORE = 1 << 27  # bytes of shared memory, which holds a setup and short answers
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # report nothing to Ray's makers
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # workers see the GPUs that this process sees
}
# Ray's servers listen on all interfaces on Linux, whatever address they are given, unless clusters are ruled out.
_ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
_MISSING = (
    "--engine ray needs Ray: install the extra `ray` (pipx install --force '.[ray]'), or in a checkout, "
    "pip install -r requirements-ray.txt"
)
_worker: tuple[WorkerSetup, Worker] | None = None  # the worker of this process, kept from one shard to the next


def work_on_ray(
    jobs: Sequence[InputJob], setup: WorkerSetup, workers: int, address: str, listener: Listener, stop: Stop
) -> Generator[tuple[InputJob, Done]]:
    """Work on the jobs on a Ray cluster and yield each with its result, as it is done.

    Args:
        jobs: what to do.
        setup: how.
        workers: shards that are worked on at once.
        address: of a running cluster; "" starts one on this machine for this run, which nobody else can reach.
        listener: hears of an input's events when it is done: a shard that is done again must not tell them twice.
        stop: ends the work; what is not done is left undone.

    Raises:
        ValueError: Ray is not installed, no cluster answers, or a job is live.
    """
    if any(job.kind == LIVE for job in jobs):
        raise ValueError("cameras and addresses are watched from here: name them without --engine ray")
    return _shards(_begin(workers, address), deque(jobs), setup, workers, listener, stop)


def _begin(workers: int, address: str) -> Any:
    os.environ.update(_QUIET | ({} if address else _ALONE))
    try:
        import ray
    except ImportError:
        raise ValueError(_MISSING) from None
    variables = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **_QUIET}
    if address:
        _look_for(address)
    options = {"runtime_env": {"env_vars": variables}, "log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address:
            ray.init(address, **options)
        else:
            alone = {"include_dashboard": False, "_node_ip_address": "127.0.0.1", "object_store_memory": _STORE}
            ray.init(num_cpus=workers, **alone, **options)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        where = f"the Ray cluster at {address} does not answer" if address else "Ray cannot be started here"
        raise ValueError(f"{where}: {reason}") from None
    return ray


def _look_for(address: str) -> None:
    """Refuse an address where nobody listens, for which Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S).close()
    except (OSError, ValueError, OverflowError):
        raise ValueError(f"nobody listens at {address}; --ray-address is HOST:PORT of the cluster's head") from None


def _shards(
    ray: Any, waiting: deque[InputJob], setup: WorkerSetup, workers: int, listener: Listener, stop: Stop
) -> Generator[tuple[InputJob, Done]]:
    shard = ray.remote(num_cpus=1, max_retries=_RETRIES)(_do)
    busy: dict[Any, InputJob] = {}
    nowhere = open(os.devnull, "w")  # noqa: SIM115
    usual, sys.stdout = sys.stdout, nowhere  # a thread of Ray prints messages about dead workers there
    try:
        given = ray.put(setup)
        while waiting or busy:
            while waiting and len(busy) < workers and not stop:
                job = waiting.popleft()
                busy[shard.remote(given, job)] = job
            if stop:
                return
            ready, _ = ray.wait(list(busy), num_returns=1, timeout=_LOOK_S)
            for reference in ready:
                job = busy.pop(reference)
                done = _answer(ray, reference, job)
                clear_parts(setup.options.out, job.number)  # left by workers that were lost
                _tell(job, done, setup, listener)
                yield job, done
    finally:
        for reference in busy:
            with suppress(Exception):  # it may have ended meanwhile
                ray.cancel(reference, force=True)
        ray.shutdown()
        sys.stdout = usual
        nowhere.close()


def _answer(ray: Any, reference: Any, job: InputJob) -> Done:
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:  # raised by `_do` if the model cannot be loaded there
        return failed(job, f"a worker cannot begin ({_first_line(error.cause)})")
    except ray.exceptions.RayError as error:
        return failed(job, f"its workers were lost {_RETRIES + 1} times ({type(error).__name__})")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _tell(job: InputJob, done: Done, setup: WorkerSetup, listener: Listener) -> None:
    for name in done.files:
        if name.endswith(EVENTS_SUFFIX):
            with suppress(OSError), open(setup.options.out / name, encoding="utf-8") as lines:
                for line in lines:
                    listener.event(job.number, line.rstrip("\n"))


class _Nobody:
    """A listener that ignores everything."""

    def at(self, number: int, time_s: float, claimed_s: float | None) -> None:
        pass

    def event(self, number: int, line: str) -> None:
        pass

    def say(self, number: int, line: str) -> None:
        pass


def _do(setup: WorkerSetup, job: InputJob) -> Done:
    """Work on a shard, in a process of the cluster."""
    global _worker
    if _worker is None or _worker[0] != setup:
        _worker = setup, Worker(setup)
    return _worker[1].do(job, _Nobody(), Stop())
