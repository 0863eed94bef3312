"""Write trained weights as one self-contained ONNX file: raw joints and frames in, scores out.

The file is written only if ONNX Runtime answers as torch does, to 1e-4.
"""

from __future__ import annotations

import argparse
from pathlib import Path

EXAMPLES = """\
examples:
  python -m export onnx
  python -m export onnx --weights runs/mine --out /tmp/student.onnx
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's options."""
    command.add_argument(
        "--weights", type=Path, default=Path("models/pretrained"), metavar="FOLDER",
        help="folder with student.safetensors and config.json (models/pretrained)",
    )  # fmt: skip
    command.add_argument(
        "--out", type=Path, metavar="FILE", help="the file to write (student.onnx in the folder of the weights)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the file; returns the exit code."""
    from export.onnx import export_student
    from models.weights import load

    out: Path = args.out or args.weights / "student.onnx"
    student, config = load(args.weights)
    difference = export_student(student, config, out)
    size_mb = out.stat().st_size / 1e6
    print(f"{out}: {len(config.labels)} labels, {size_mb:.1f} MB; at most {difference:.1e} away from torch")
    return 0
