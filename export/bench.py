"""The benchmark of model files beside the eager torch model, on the CPU.

It measures latency, throughput and memory by batch, threads and precision.

The contestants take turns, round after round, so that other load on the machine meets all of them. Memory is the peak
of a fresh process for each. The input is made up, as its content does not matter to the time. Torch is imported only
where a contestant needs it, so that the memory of a model file is that of a machine without torch.

Shape suffixes: N batch, T frames, V joints.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from models.student import Student

ROUNDS = 7  # turns of each contestant at each batch and number of threads
BATCHES = (1, 4, 16, 64)
EAGER, PUBLISHED = "eager torch", "published encoder, eager, three times"
_WINDOWS_A_TURN = 16  # windows of a contestant's turn, in at least one call
FRAMES, JOINTS = 50, 25

Call = Callable[[np.ndarray, np.ndarray], object]


@dataclass(frozen=True, slots=True)
class Contestant:
    """A competitor of the benchmark: the weights run eagerly, the published encoder run eagerly, or a model file.

    Attributes:
        name: EAGER, PUBLISHED, or the model file's path.
        weights: Folder of the weights.
        precision: Precision of the arithmetic.
    """

    name: str
    weights: str
    precision: str = "fp32"


@dataclass(frozen=True, slots=True)
class BenchResult:
    """The measurements of one contestant at one batch with one number of threads.

    Attributes:
        name: The contestant's name.
        precision: The contestant's precision.
        threads: CPU threads.
        batch: Windows in a call.
        p50_ms: Median time of a call, milliseconds.
        p95_ms: Time within which 95 % of the calls end, milliseconds.
        windows_per_s: Windows a second at the median time.
        speed: Windows a second as a ratio to EAGER's at the same threads and batch.
        peak_mb: Peak memory of a fresh process at this batch, megabytes; None if the system does not tell.
        memory: The peak as a ratio to EAGER's.
    """

    name: str
    precision: str
    threads: int
    batch: int
    p50_ms: float
    p95_ms: float
    windows_per_s: float
    speed: float
    peak_mb: float | None
    memory: float | None


def bench(
    models: Sequence[Path],
    weights: Path,
    threads: Sequence[int],
    batches: Sequence[int] = BATCHES,
) -> list[BenchResult]:
    """Measure model files and the two eager models.

    Args:
        models: ONNX files.
        weights: Folder of the weights that EAGER runs.
        threads: Numbers of CPU threads.
        batches: Numbers of windows in a call.

    Raises:
        ValueError: If a number is not positive, or a file or the weights are missing or damaged.
    """
    if min(*threads, *batches) < 1:
        raise ValueError(f"threads and batches must be at least 1; got {list(threads)} and {list(batches)}")
    contestants = _contestants(models, weights)
    cases = [(t, b) for t in dict.fromkeys(threads) for b in dict.fromkeys(batches)]
    seconds = _all_seconds(contestants, cases)
    peaks = _all_peaks(contestants, list(dict.fromkeys(batches)), min(threads))
    return [
        _result(c, t, b, seconds[c.name, t, b], seconds[EAGER, t, b], peaks[c.name, b], peaks[EAGER, b])
        for t, b in cases
        for c in contestants
    ]


def _contestants(models: Sequence[Path], weights: Path) -> list[Contestant]:
    from export.check import read_precision
    from export.runtime import ActionModel

    for path in models:
        ActionModel(path, device="cpu", threads=1)  # so that a broken file is reported before the minutes of measuring
    eager = [Contestant(EAGER, str(weights)), Contestant(PUBLISHED, str(weights))]
    return eager + [Contestant(str(path), str(weights), read_precision(path)) for path in dict.fromkeys(models)]


def _all_seconds(
    contestants: Sequence[Contestant], cases: Sequence[tuple[int, int]]
) -> dict[tuple[str, int, int], list[float]]:
    """Measure the seconds of every call, by contestant, threads and batch."""
    from tqdm import tqdm

    seconds: dict[tuple[str, int, int], list[float]] = {}
    calls: dict[str, Call] = {}
    opened = 0
    with tqdm(total=len(cases) * ROUNDS, desc="time", unit="round") as bar:
        for threads, batch in cases:
            if threads != opened:
                calls, opened = {c.name: opened_with(c, threads) for c in contestants}, threads
            feeds = made_up(batch)
            for call in calls.values():
                call(*feeds)  # not counted: the first call of a shape allocates memory
            for r in range(ROUNDS):
                names = list(calls)
                for name in names[r % len(names) :] + names[: r % len(names)]:  # another begins in each round
                    seconds.setdefault((name, threads, batch), []).extend(_turn(calls[name], feeds))
                bar.update()
    return seconds


def _turn(call: Call, feeds: tuple[np.ndarray, np.ndarray]) -> list[float]:
    seconds = []
    for _ in range(max(1, _WINDOWS_A_TURN // len(feeds[1]))):
        start = time.perf_counter()
        call(*feeds)
        seconds.append(time.perf_counter() - start)
    return seconds


def _result(
    contestant: Contestant, threads: int, batch: int, seconds: list[float], eager_seconds: list[float],
    peak_mb: float | None, eager_mb: float | None,
) -> BenchResult:  # fmt: skip
    median_s = float(np.median(seconds))
    return BenchResult(
        name=contestant.name,
        precision=contestant.precision,
        threads=threads,
        batch=batch,
        p50_ms=1000 * median_s,
        p95_ms=1000 * float(np.percentile(seconds, 95)),
        windows_per_s=batch / median_s,
        speed=float(np.median(eager_seconds)) / median_s,
        peak_mb=peak_mb,
        memory=peak_mb / eager_mb if peak_mb and eager_mb else None,
    )


def made_up(batch: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return made-up joints (N, T, V, 3) in metres and frames (N,), float32."""
    rng = np.random.default_rng(seed)
    joints_NTV3 = rng.normal(0.0, 0.3, (batch, FRAMES, JOINTS, 3)).astype(np.float32)
    return joints_NTV3, np.full(batch, 75.0, np.float32)


def opened_with(contestant: Contestant, threads: int) -> Call:
    """Open the contestant for calls with joints and frames on so many CPU threads."""
    if contestant.name in (EAGER, PUBLISHED):
        return _eager(contestant, threads)
    from export.runtime import ActionModel

    return ActionModel(contestant.name, device="cpu", threads=threads)


def eager_student(contestant: Contestant) -> Student:
    """Return the torch model of a contestant that runs eagerly."""
    from models.student import Student
    from models.weights import load

    student, config = load(contestant.weights)
    if contestant.name == PUBLISHED:
        return Student(len(config.labels)).eval()  # untrained weights take as long
    return student


def _eager(contestant: Contestant, threads: int) -> Call:
    import torch

    torch.set_num_threads(threads)
    student = eager_student(contestant)

    @torch.inference_mode()
    def call(joints_NTV3: np.ndarray, frames_N: np.ndarray) -> object:
        return student.scores(*student(torch.from_numpy(joints_NTV3), torch.from_numpy(frames_N)))

    return call


def _all_peaks(
    contestants: Sequence[Contestant], batches: Sequence[int], threads: int
) -> dict[tuple[str, int], float | None]:
    """Measure the peak memory, by contestant and batch."""
    from tqdm import tqdm

    cases = [(c, batch) for c in contestants for batch in batches]
    return {(c.name, batch): fresh_peak_mb(c, batch, threads) for c, batch in tqdm(cases, desc="memory", unit="run")}


def fresh_peak_mb(contestant: Contestant, batch: int, threads: int = 1) -> float | None:
    """Measure the peak memory of a fresh process that opens the contestant and calls it twice, megabytes.

    Raises:
        ValueError: If the process dies.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            return pool.submit(_run_once, contestant, batch, threads).result()
        except BrokenProcessPool:
            raise ValueError(
                f"the process of {contestant.name} at batch {batch} died, most likely for want of memory; "
                "take smaller --batches"
            ) from None


def _run_once(contestant: Contestant, batch: int, threads: int) -> float | None:
    call = opened_with(contestant, threads)
    for _ in range(2):
        call(*made_up(batch))
    return _peak_mb()


def _peak_mb() -> float | None:
    """Return the peak resident memory of this process, megabytes."""
    status = Path("/proc/self/status")
    if status.exists():  # the peak of getrusage would be the parent's where that one was larger
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    if os.name != "posix":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
