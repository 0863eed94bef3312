"""Build a TensorRT engine from an ONNX file, for this machine's GPU and its version of TensorRT, 10 or newer.

Beside the engine lies a JSON file with what the app must know: the engine runs without the ONNX file, but on no other
GPU and no other version. The build can take minutes; --timing-cache makes the next one quicker. On GPUs that have TF32
TensorRT may use it for fp32 models: the scores then differ slightly from the CPU's.

Exit code 2: TensorRT or a GPU is missing.
"""

from __future__ import annotations

import argparse
import sys

from models.system.command_line import program_of
from models.system.options import path, whole
from models.system.places import model_file

EXAMPLES = """\
examples:
  python -m export tensorrt models/pretrained/student.onnx
  python -m export tensorrt student.onnx --out engines --max 16 --timing-cache engines/timings.cache
"""
_NUMBER = whole(-1, 2**31 - 1)  # Batches and build_engine say what fits, and how the numbers go together


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument(
        "model", type=model_file, metavar="MODEL.onnx", help=f"what `{program_of(command)} onnx` wrote"
    )
    command.add_argument("--out", type=path, metavar="FOLDER", help="where to put the engine (beside the model)")
    command.add_argument("--min", type=_NUMBER, default=1, metavar="N", help="windows that a batch has at least (1)")
    command.add_argument("--opt", type=_NUMBER, default=8, metavar="N", help="windows that the engine is tuned for (8)")
    command.add_argument("--max", type=_NUMBER, default=64, metavar="N", help="windows that a batch has at most (64)")
    command.add_argument(
        "--workspace-mb", type=_NUMBER, default=1024, metavar="MB", help="GPU memory to work in, in MiB (1024)"
    )
    command.add_argument("--timing-cache", type=path, metavar="FILE", help="read timings from here, and keep them here")
    command.add_argument(
        "--device", type=_NUMBER, default=0, metavar="N",
        help="GPU to build for (0); the app uses GPU 0, which CUDA_VISIBLE_DEVICES can choose",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Build the engine and return the exit code."""
    from export.runtime.cuda import AcceleratorMissingError
    from export.runtime.sidecar import Sidecar
    from export.tensorrt import Batches, build_engine

    batches = Batches(min=args.min, opt=args.opt, max=args.max)
    try:
        path = build_engine(args.model, args.out, batches, args.workspace_mb, args.timing_cache, args.device)
    except AcceleratorMissingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    built, size_mb = Sidecar.read(path), path.stat().st_size / 1e6
    print(
        f"{path}: {size_mb:.1f} MB for {built.gpu} and TensorRT {built.tensorrt}, {built.precision}, "
        f"{args.min} to {args.max} windows at a time"
    )
    return 0
