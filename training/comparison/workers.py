"""Worker processes of a comparison, several at a time: each runs one task as a command of `python -m training`.

If one fails or is killed, the other tasks are not affected. If the comparison itself is killed, they end with it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from models.system.cores import usable_cores
from models.system.places import ROOT
from models.system.signals import end_with_parent
from training.comparison.grid import DISTIL, PRETRAIN, letters
from training.comparison.plan import EVALUATE, Task
from training.comparison.state import ComparisonState

# torch.distributed.run is torchrun; standalone: by a port of its own, so that several runs do not meet.
_TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node")
PAUSE_S = 0.5  # between looks at the processes


class Process(Protocol):
    """Started task, as far as this module uses it (subprocess.Popen)."""

    def poll(self) -> int | None:
        """Return the exit status, or None while the process runs."""

    def terminate(self) -> None:
        """Ask the process to end."""

    def wait(self) -> int:
        """Wait for the process to end and return its exit status."""


Start = Callable[[Task], Process]


def command(task: Task, state: ComparisonState, threads: int, gpus: int = 0) -> list[str]:
    """Return the command line of a task, with absolute paths.

    On several GPUs a training is a torchrun of as many processes; an evaluation takes the first one.
    """
    out = state.run(task.name)
    words: list[Any] = {
        PRETRAIN: ["pretrain", "--out", out],
        DISTIL: ["distil", "--out", out, "--teacher", state.run(task.source)],
        EVALUATE: ["evaluate", "--out", state.result(task.name)],
    }[task.kind]
    words += ["--data", task.data.resolve(), "--threads", threads] + (["--split", task.split] if task.split else [])
    words += ["--config", state.config(task)]
    if task.kind == EVALUATE:
        return [sys.executable, "-m", "training", *map(str, words + _judging(task, state))]
    many = [*_TORCHRUN, str(gpus), "-m"] if gpus > 1 else ["-m"]
    words += ["--preset", state.grid.preset] + (["--also", *map(_whole, task.also)] if task.also else [])
    words += ["--stage1-from", state.run(task.source)] if task.source and task.kind == PRETRAIN else []
    return [sys.executable, *many, "training", *map(str, words)]


def _judging(task: Task, state: ComparisonState) -> list[Any]:
    how = task.config
    words: list[Any] = ["--protocol", how["protocol"]] + ["--frozen"] * how["frozen"]
    # semi draws several shares of the labels by itself.
    words += ["--seeds", task.seed] if how["fraction"] is None else ["--fractions", how["fraction"]]
    words += ["--run", state.run(task.source)] if task.source else ["--modalities", ",".join(task.modalities)]
    return words + (["--subsets", *map(letters, task.subsets)] if task.subsets else [])


def _whole(name: str) -> str:
    """Make the path in "FOLDER" or "FOLDER:SPLIT" absolute.

    The process runs in another folder.
    """
    return str(Path.cwd() / name)


def shared_out(devices: Sequence[str], workers: int) -> list[tuple[str, ...]]:
    """Share GPUs out between workers, each as many; without GPUs everybody gets none.

    Raises:
        ValueError: one is named twice, or they cannot be shared evenly.
    """
    if len(set(devices)) < len(devices):
        raise ValueError(f"--devices names a GPU twice: {','.join(devices)}")
    if len(devices) % workers:
        raise ValueError(
            f"{len(devices)} GPUs cannot be shared evenly by {workers} workers; give --workers {len(devices)}, one "
            "GPU a run, or fewer for runs on several GPUs"
        )
    each = len(devices) // workers
    return [tuple(devices[i * each : (i + 1) * each]) for i in range(workers)]


def starter(state: ComparisonState, workers: int, lock: int | None = None, devices: Sequence[str] = ()) -> Start:
    """Return a function that starts tasks as processes.

    The machine's cores and the GPUs are shared out between the workers.

    Args:
        state: of the comparison.
        workers: processes at a time.
        lock: file that each process keeps open, so that no comparison begins while one of them is still at work.
        devices: numbers of the GPUs, as CUDA_VISIBLE_DEVICES has them; none leaves the environment as it is.
    """
    threads = max(usable_cores() // workers, 1)
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    shares: list[tuple[tuple[str, ...], Process | None]] = [(gpus, None) for gpus in shared_out(devices, workers)]

    def start(task: Task) -> Process:
        state.prepare(task)
        free = next(i for i, (_, process) in enumerate(shares) if process is None or process.poll() is not None)
        gpus = shares[free][0]
        words = command(task, state, threads, len(gpus))
        visible = {"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else {}
        with open(state.log(task.name), "ab") as log:
            log.write(("$ " + " ".join(words) + "\n").encode())
            log.flush()
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT,
                env=environment | visible, pass_fds=() if lock is None else (lock,),
                preexec_fn=end_with_parent if os.name == "posix" else None,
            )  # fmt: skip
        shares[free] = gpus, process
        return process

    return start


def work(
    state: ComparisonState,
    start: Start,
    workers: int,
    watch: Callable[[list[Task]], None],
    finish: Callable[[Task, str], None],
) -> dict[str, str]:
    """Run all tasks that are not done.

    Quick evaluations come first, the others in the plan's order.

    Args:
        state: of the comparison.
        start: starts a task.
        workers: processes at a time.
        watch: told the tasks at work, again and again.
        finish: told each task that ended, and why it failed ("" where it did not).

    Returns:
        Name -> reason, of the tasks that failed or could not begin.
    """
    failed: dict[str, str] = {}
    waiting = [task for task in state.plan.tasks.values() if not state.done(task)]
    working: dict[str, tuple[Task, Process, float]] = {}
    try:
        while waiting or working:
            _drop_lost(state, waiting, working, failed)
            ready = sorted((t for t in waiting if state.ready(t)), key=lambda task: not _quick(task))
            for task in ready[: workers - len(working)]:
                waiting.remove(task)
                working[task.name] = (task, start(task), time.monotonic())
            watch([task for task, _, _ in working.values()])
            time.sleep(PAUSE_S)
            for task, process, began in [entry for entry in working.values() if entry[1].poll() is not None]:
                del working[task.name]
                state.record(task, time.monotonic() - began, code := process.wait())
                if code or not state.done(task):
                    failed[task.name] = state.last_words(task.name) or f"ended with status {code}"
                finish(task, failed.get(task.name, ""))
    finally:
        for _, process, _ in working.values():
            process.terminate()
        for _, process, _ in working.values():
            process.wait()
    return failed


def _quick(task: Task) -> bool:
    """Return whether a task trains no encoder."""
    return task.kind == EVALUATE and not task.passes


def _drop_lost(state: ComparisonState, waiting: list[Task], working: dict[str, Any], failed: dict[str, str]) -> None:
    """Give up tasks whose source will never be finished."""
    coming = {task.name for task in waiting} | set(working)
    for task in list(waiting):
        if not state.ready(task) and task.source not in coming:
            waiting.remove(task)
            coming.discard(task.name)
            failed[task.name] = f"needs {task.source}, which failed or was not kept whole"
