"""`python -m training bench --processes 1 2 4`: a step that several processes share, on a CPU, and its messages.

The processes are those of torchrun, with one thread each. The numbers of processes take turns, round after round.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from multiprocessing.connection import Connection, wait
from typing import Any

from models.system.cores import processor, usable_cores
from training.benchmark.settings import VARIANTS, Setting


def share_steps(setting: Setting, counts: Sequence[int], note: Callable[[str], None] = lambda line: None) -> Any:
    """Measure the fp32 step as so many processes share it.

    Returns:
        `setting`, `device_name`, `cores`, and `shared`: for each of `counts` its processes, seconds of every step,
        step_s (the median), clips_per_s, all_reduce and gather (messages a step), and `ratio` to the first of
        `counts`, the median over the rounds.

    Raises:
        ValueError: A batch that cannot be shared evenly, or a process died.
    """
    from training.parallel.torchrun import Group

    setting = replace(setting, threads=1, device="cpu")
    for count in counts:
        Group(0, count).share(setting.batch)
    rows: dict[int, dict[str, Any]] = {count: {"processes": count, "seconds": []} for count in counts}
    for r in range(setting.rounds):
        for count in counts:
            seconds, sent = _run(count, setting)
            rows[count]["seconds"] += seconds
            rows[count] |= sent
            note(f"round {r + 1}/{setting.rounds}  {count} processes: {statistics.median(seconds):.2f} s a step")
    first = rows[counts[0]]["seconds"]
    for row in rows.values():
        row["step_s"] = statistics.median(row["seconds"])
        row["clips_per_s"] = setting.batch / row["step_s"]
        row["ratio"] = statistics.median(a / b for a, b in zip(first, row["seconds"], strict=True))
    facts = {"device_name": processor(), "cores": usable_cores()}
    return {"setting": asdict(setting), **facts, "shared": list(rows.values())}


def share_table(result: dict[str, Any]) -> str:
    """Format the result for people to read."""
    setting = result["setting"]
    lines = [
        "stage-2 step (EKEM + IKEM), {modalities} modalities, batch {batch}, {people} person slot(s), "
        "K = {queue}, fp32".format(**setting),
        "{device_name}, {cores} cores, one thread a process".format(**result),
        "",
        f"{'processes':>9}{'s a step':>10}{'clips/s':>9}{'speed':>8}{'messages':>10}",
    ]
    for row in result["shared"]:
        messages = row["all_reduce"] + row["gather"]
        numbers = f"{row['processes']:>9}{row['step_s']:>10.2f}{row['clips_per_s']:>9.2f}{row['ratio']:>7.2f}x"
        lines.append(f"{numbers}{messages:>10}")
    most = max(row["processes"] for row in result["shared"])
    if most > result["cores"]:
        lines += ["", f"{most} processes share {result['cores']} cores"]
    return "\n".join(lines)


def _run(count: int, setting: Setting) -> tuple[list[float], dict[str, int]]:
    """Let so many processes take the steps, and return the first one's seconds and messages a step."""
    context = multiprocessing.get_context("spawn")
    port = _free_port()
    ours, theirs = context.Pipe(duplex=False)
    args = [(rank, count, port, setting, theirs) for rank in range(count)]
    processes = [context.Process(target=_work, args=each, daemon=True) for each in args]
    try:
        for process in processes:
            process.start()
        theirs.close()
        while not ours.poll():
            wait([ours, *(process.sentinel for process in processes)])
            if not ours.poll(1) and any(process.exitcode for process in processes):
                raise ValueError(
                    f"one of {count} processes died, most likely for want of memory; take a smaller --batch"
                )
        return ours.recv()
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _work(rank: int, count: int, port: int, setting: Setting, pipe: Connection) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(count), "RANK": str(rank)}
    import torch

    from training.benchmark.steps import step_of_group
    from training.parallel.torchrun import counted, join, leave

    torch.set_num_threads(setting.threads)
    torch.manual_seed(0)
    step = step_of_group(VARIANTS["fp32"], setting, join("cpu"))
    step()
    seconds = []
    with counted() as sent:
        for _ in range(setting.steps):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
    leave()
    if rank == 0:
        pipe.send((seconds, {name: number // setting.steps for name, number in asdict(sent).items()}))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
