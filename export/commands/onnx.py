"""Write trained weights as one self-contained ONNX file: raw joints and frames in, scores out.

In fp32 the file is written only if ONNX Runtime answers as torch does, to 1e-4. fp16 halves the encoders' precision,
and is written only if it names the same actions on samples. int8 takes its scales from half of the clips of --clips,
and is written only if it names at most 0.5 point fewer of the other half right than fp32 does. `python -m export check`
says more about a file, on any clips.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from models.system.options import path
from models.system.places import PRETRAINED, shipped

FILES = {"fp32": "student.onnx", "fp16": "student_fp16.onnx", "int8": "student_int8.onnx"}
MOST_WINDOWS = 2048
EXAMPLES = """\
examples:
  python -m export onnx
  python -m export onnx --weights runs/mine --out /tmp/student.onnx
  python -m export onnx --precision fp16
  python -m export onnx --precision int8 --clips recorded.npz more/
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument(
        "--weights", type=shipped, default=PRETRAINED, metavar="FOLDER",
        help="folder with student.safetensors and config.json, of a student or a teacher (models/pretrained)",
    )  # fmt: skip
    command.add_argument("--precision", choices=tuple(FILES), default="fp32", help="of the encoders' arithmetic (fp32)")
    command.add_argument(
        "--clips", type=path, nargs="+", metavar="FILE",
        help="for int8: labelled clips, .npz files in the clip format or folders of them",
    )  # fmt: skip
    command.add_argument("--force", action="store_true", help="write int8 whatever accuracy it loses")
    command.add_argument(
        "--out", type=path, metavar="FILE",
        help="the file to write (student.onnx, student_fp16.onnx or student_int8.onnx in the folder of the weights)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Write the file and return the exit code."""
    if args.precision == "int8" and not args.clips:
        raise ValueError("int8 takes its scales from real clips: name files of them with --clips")
    if args.precision != "int8" and (args.clips or args.force):
        raise ValueError(f"--clips and --force are for --precision int8; leave them out for {args.precision}")
    out: Path = args.out or args.weights / FILES[args.precision]
    facts, labels = _int8(args, out) if args.precision == "int8" else _float(args, out)
    print(f"{out}: {labels} labels, {out.stat().st_size / 1e6:.1f} MB; {facts}")
    return 0


def _float(args: argparse.Namespace, out: Path) -> tuple[str, int]:
    from export.onnx import export_student
    from models.weights import load

    student, config = load(args.weights)
    difference = export_student(student, config, out, args.precision)
    return f"{args.precision}, at most {difference:.1e} away from torch", len(config.labels)


def _int8(args: argparse.Namespace, out: Path) -> tuple[str, int]:
    from export.clips import read_windows
    from export.precision import export_int8
    from models.weights import load

    student, config = load(args.weights)
    windows = read_windows(args.clips, config.window_s, config.frames, MOST_WINDOWS)
    done = export_int8(student, config, out, windows, args.force)
    forced = ", forced" if done.forced else ""
    return (
        f"int8 from {done.calibration_clips} clips; of {done.held_out_clips} others "
        f"{100 * done.accuracy_int8:.1f} % right, in fp32 {100 * done.accuracy_fp32:.1f} %{forced}"
    ), len(config.labels)
