"""Compare model files with torch in fp32 on real clips, on every engine that is here: the gate before a file is used.

For ONNX Runtime on the CPU, on CUDA, and TensorRT (`python -m export tensorrt` builds its engines): how far the scores
are from torch's, how often the best class and the clip's own label are met, latency, windows a second, size. An engine
that is not here is named as not checked.

Exit code 1: a goal is missed. fp32: scores within 1e-4. fp16: the same best class in 99.5 % of the windows. int8: in
98 %, and at most 0.5 point of accuracy lost.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from export.commands.common import add_models, write_numbers
from models.system import tables
from models.system.options import path

if TYPE_CHECKING:
    from export.check import Report, Row

EXAMPLES = """\
examples:
  python -m export check models/pretrained/student.onnx --clips recorded.npz
  python -m export check a.onnx b.onnx --weights runs/mine --clips clips/ --json check.json
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_models(command, "folder of the weights that the files were exported from")
    command.add_argument(
        "--clips", type=path, nargs="+", required=True, metavar="FILE",
        help="clips to compare on, .npz files in the clip format or folders of them; labelled ones give the accuracy",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Check the files and return the exit code."""
    from dataclasses import asdict

    from export.check import check

    report = check(args.models, args.weights, args.clips)
    print(table(report))
    write_numbers(asdict(report), args.json)
    for text in report.breaches:
        print(f"breach: {text}", file=sys.stderr)
    return 1 if report.breaches else 0


def table(report: Report) -> str:
    """Format the report in Markdown."""
    lines = [f"{report.windows} windows, compared with torch in fp32 ({report.weights})."]
    if report.accuracy is not None:
        lines[0] += f" {report.labelled} are labelled; torch names {report.accuracy:.2f} % of them right."
    titles = ["model", "precision", "engine", "max difference", "mean", "same class %", "accuracy %", "p50 ms"]
    batches = report.rows[0].windows_per_s if report.rows else ()
    titles += ["p95 ms", *(f"windows/s at {batch}" for batch in batches), "MB"]
    lines += ["", tables.table(titles, map(_cells, report.rows), numbers_from=3)]
    if report.not_checked:
        lines += ["", "Not checked:", "", *(f"- {text}" for text in report.not_checked)]
    return "\n".join(lines)


def _cells(row: Row) -> list[str]:
    return [
        row.model,
        row.precision,
        row.engine,
        f"{row.max_difference:.1e}",
        f"{row.mean_difference:.1e}",
        f"{row.agreement:.2f}",
        "-" if row.accuracy is None else f"{row.accuracy:.2f}",
        f"{row.p50_ms:.2f}",
        f"{row.p95_ms:.2f}",
        *(f"{rate:.0f}" for rate in row.windows_per_s.values()),
        f"{row.size_mb:.1f}",
    ]
