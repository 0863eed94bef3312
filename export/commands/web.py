"""Write the recogniser as one graph that a browser runs, from MediaPipe's landmarks to scores, and its card.

recogniser.onnx holds the bridge to joints, losses, the reading of windows and the model; recogniser.json says what the
page's scripts must know of it. They are written only if ONNX Runtime answers as PyTorch and numpy do: to 1e-4 in fp32,
and with the same actions where weights are rounded.
"""

from __future__ import annotations

import argparse

from export.web.weights import PRECISIONS
from models.system.options import path
from models.system.places import PRETRAINED, shipped

EXAMPLES = """\
examples:
  python -m export web --out out/web
  python -m export web --weights runs/mine --precision fp32 --out out/web
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument(
        "--weights", type=shipped, default=PRETRAINED, metavar="FOLDER",
        help="folder with student.safetensors and config.json (models/pretrained)",
    )  # fmt: skip
    command.add_argument(
        "--precision", choices=PRECISIONS, default="fp16",
        help="of the weights as they are stored; the arithmetic is fp32 (fp16)",
    )  # fmt: skip
    command.add_argument("--out", type=path, required=True, metavar="FOLDER", help="where the two files go")


def run(args: argparse.Namespace) -> int:
    """Write the files and return the exit code."""
    from export.web.write import CARD, GRAPH, write

    difference = write(args.weights, args.out, args.precision)
    size = (args.out / GRAPH).stat().st_size / 1e6
    print(f"{args.out / GRAPH} and {CARD}: {args.precision}, {size:.1f} MB, at most {difference:.1e} away from PyTorch")
    return 0
