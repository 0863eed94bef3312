"""Time model files on this machine's CPU beside the same weights in plain torch, and measure their memory.

Every number is also a ratio to "eager torch", the weights run by PyTorch operator by operator. "published encoder,
eager, three times" is the published IKEM encoder in the published widths, one for each of joints, bones and motions,
untrained. All take turns in the same run; memory is the peak of a fresh process, Python and libraries included.

With --web the graph that `python -m export web` wrote is timed too, in onnxruntime-web on one WebAssembly thread of
Node.js, beside the same model files there.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export.commands.common import add_models, write_numbers
from models.system import tables
from models.system.options import at_least_1, path, threads

if TYPE_CHECKING:
    from export.bench import BenchResult

EXAMPLES = """\
examples:
  python -m export bench models/pretrained/student.onnx
  python -m export bench student.onnx student_int8.onnx --threads 1 2 --batches 1 16 --json bench.json
  python -m export bench models/pretrained/student.onnx --web out/web --modules node_modules
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_models(command, "weights that the eager model runs")
    command.add_argument(
        "--threads", type=threads, nargs="+", default=[1, 2], metavar="N", help="numbers of CPU threads (1 2)"
    )
    command.add_argument(
        "--batches", type=at_least_1, nargs="+", default=[1, 4, 16, 64], metavar="N", help="windows a call (1 4 16 64)"
    )
    command.add_argument("--web", type=path, metavar="FOLDER", help="what `python -m export web` wrote, timed as well")
    command.add_argument(
        "--modules", type=path, metavar="FOLDER", help="for --web: node_modules with onnxruntime-web (node_modules)"
    )


def run(args: argparse.Namespace) -> int:
    """Measure and return the exit code."""
    import os
    from dataclasses import asdict

    from export.bench import bench
    from models.system.cores import usable_cores

    if args.modules is not None and args.web is None:
        raise ValueError("--modules is for --web: name what `python -m export web` wrote")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    results = bench(args.models, args.weights, args.threads, args.batches)
    print(table(results))
    times = _browser(args) if args.web is not None else {}
    if load is not None and load > 0.5:
        print(f"\nOther programs were using the cores at the start (load {load:.1f}): the times are too long.")
    machine = {"cores": usable_cores(), "load": load}
    write_numbers({"machine": machine, "results": [asdict(result) for result in results]} | times, args.json)
    return 0


def _browser(args: argparse.Namespace) -> dict[str, Any]:
    """Time the graph for the browser, print it, and return the numbers for the file."""
    from export.web.bench import browser_times

    times = browser_times(args.web, args.models, args.modules or Path("node_modules"))
    rows = [[name, *(f"{value:.1f}" for value in np.percentile(ms, [50, 95]))] for name, ms in times.items()]
    print(f"\n{tables.table(['onnxruntime-web, one thread', 'p50 ms', 'p95 ms'], rows, numbers_from=1)}")
    return {"browser_ms": times}


def table(results: Sequence[BenchResult]) -> str:
    """Format the results in Markdown."""
    titles = ["model", "precision", "threads", "batch", "p50 ms", "p95 ms", "windows/s", "speed", "peak MB", "memory"]
    return tables.table(titles, map(_cells, results), numbers_from=2)


def _cells(result: BenchResult) -> list[str]:
    return [
        result.name,
        result.precision,
        str(result.threads),
        str(result.batch),
        f"{result.p50_ms:.2f}",
        f"{result.p95_ms:.2f}",
        f"{result.windows_per_s:.1f}",
        f"{result.speed:.2f}x",
        "-" if result.peak_mb is None else f"{result.peak_mb:.0f}",
        "-" if result.memory is None else f"{result.memory:.2f}x",
    ]
