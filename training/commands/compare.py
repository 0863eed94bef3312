"""`python -m training compare`: a grid of exchanges, modalities and distillations, and one table."""

from __future__ import annotations

import argparse

from models.system.options import path, workers

EXAMPLES = "example: python -m training compare training/configs/quick.yaml --out runs/quick --workers 2"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument("config", type=path, help="YAML file; training/configs holds examples")
    command.add_argument("--out", type=path, required=True, metavar="DIR", help="runs, results, table and pictures")
    command.add_argument("--data", type=path, metavar="STORE", help="store instead of the file's")
    command.add_argument("--workers", type=workers, default=1, help="processes at a time (default: %(default)s)")
    command.add_argument(
        "--devices",
        type=_devices,
        default=(),
        metavar="0,1,...",
        help="GPUs, shared out evenly between the workers; a run with several is a torchrun",
    )
    command.add_argument("--dry-run", action="store_true", help="only say what would run, and what it costs")
    command.add_argument("--document", type=path, help="Markdown file in which the grid's table is replaced")


def _devices(text: str) -> tuple[str, ...]:
    """Read "0,1" as the numbers of GPUs."""
    words = tuple(text.replace(" ", "").split(","))
    if not all(word.isascii() and word.isdecimal() for word in words):
        raise argparse.ArgumentTypeError(f"GPUs are named by their numbers, like 0,1; got {text!r}")
    return words


def run(args: argparse.Namespace) -> int:
    """Run what is missing, write the table and return the exit code."""
    from tqdm import tqdm

    from training.comparison.compare import compare

    compare(args.config, args.out, tqdm.write, args.data, args.workers, args.dry_run, args.document, args.devices)
    return 0
