"""`python -m training compare`: a grid of exchanges, modalities and distillations, and one table."""

from __future__ import annotations

import argparse

from models.system.options import path, workers
from training.commands.options import devices, seeds

EXAMPLES = "example: python -m training compare training/configs/quick.yaml --out runs/quick --workers 2"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument("config", type=path, help="YAML file; training/configs holds examples")
    command.add_argument("--out", type=path, required=True, metavar="DIR", help="runs, results, table and pictures")
    command.add_argument("--data", type=path, metavar="STORE", help="store instead of the file's")
    command.add_argument("--split", metavar="NAME", help="split instead of the file's, for a table of its own")
    command.add_argument("--seeds", type=seeds, metavar="0,1,...", help="of every row, instead of the file's")
    command.add_argument("--workers", type=workers, default=1, help="processes at a time (default: %(default)s)")
    command.add_argument(
        "--devices",
        type=devices,
        default=(),
        metavar="0,1,...",
        help="GPUs, shared out evenly between the workers; a run with several is a torchrun",
    )
    command.add_argument("--dry-run", action="store_true", help="only say what would run, and what it costs")
    command.add_argument("--document", type=path, help="Markdown file in which the grid's table is replaced")


def run(args: argparse.Namespace) -> int:
    """Run what is missing, write the table and return the exit code."""
    from tqdm import tqdm

    from training.comparison.compare import compare

    compare(
        args.config, args.out, tqdm.write, args.data, args.workers, args.dry_run, args.document, args.devices,
        args.split, args.seeds,
    )  # fmt: skip
    return 0
