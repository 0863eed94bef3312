"""Write a model repository for the Triton Inference Server: the model file, its configuration and its labels.

REPO/NAME holds config.pbtxt, labels.txt and 1/model.onnx; it appears whole or not at all.
"""

from __future__ import annotations

import argparse

from models.system.command_line import program_of
from models.system.options import at_least_0, at_least_1, path, whole
from models.system.places import model_file

EXAMPLES = """\
examples:
  python -m export triton models/pretrained/student.onnx --out out/triton
  python -m export triton models/pretrained/student.onnx --out out/triton --device gpu --instances 2 --force
  tritonserver --model-repository out/triton
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument(
        "model", type=model_file, metavar="MODEL.onnx", help=f"what `{program_of(command)} onnx` wrote"
    )
    command.add_argument("--out", type=path, required=True, metavar="REPO", help="the repository; made if missing")
    command.add_argument("--name", default="ikem_live", help="the model's name on the server (%(default)s)")
    command.add_argument(
        "--max-batch",
        type=whole(1, 4096),
        default=64,
        metavar="N",
        help="most windows that are run at once (%(default)s)",
    )
    command.add_argument(
        "--delay-us", type=at_least_0, default=2000, metavar="US",
        help="microseconds that a window may wait for others to share its batch (%(default)s)",
    )  # fmt: skip
    command.add_argument(
        "--instances",
        type=at_least_1,
        default=1,
        metavar="N",
        help="copies of the model, on each GPU where there is one (1)",
    )
    command.add_argument("--device", choices=("cpu", "gpu"), default="cpu", help="where it runs (%(default)s)")
    command.add_argument("--force", action="store_true", help="replace a model of the same name in the repository")


def run(args: argparse.Namespace) -> int:
    """Write the repository and return the exit code."""
    from export.triton import Serving, write_repository

    serving = Serving(
        name=args.name,
        max_batch=args.max_batch,
        delay_us=args.delay_us,
        instances=args.instances,
        device=args.device,
    )
    folder = write_repository(args.model, args.out, serving, force=args.force)
    device = serving.device.upper()
    print(f"{folder}: batches of up to {serving.max_batch} windows, {serving.instances} on the {device}")
    return 0
