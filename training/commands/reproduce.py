"""`python -m training reproduce`: the paper's headline from NTU RGB+D's files, beside the published numbers."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.system.options import path, workers
from training.commands.options import devices, seeds

EXAMPLES = (
    "example: python -m training reproduce --ntu nturgb+d_skeletons --missing samples_with_missing_skeletons.txt "
    "--workers 4 --devices 0,1,2,3"
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument("--ntu", type=path, required=True, metavar="DIR", help="folder of the .skeleton files")
    command.add_argument("--missing", type=path, metavar="LIST", help="NTU's list of samples with missing skeletons")
    command.add_argument(
        "--out", type=path, default=Path("runs/reproduce"), metavar="DIR",
        help="store, runs and table; run again, it goes on (default: %(default)s)",
    )  # fmt: skip
    command.add_argument("--quick", action="store_true", help="a rehearsal in minutes: few epochs, some of the files")
    command.add_argument("--partial", action="store_true", help="go on where files of the data set are missing")
    command.add_argument("--seeds", type=seeds, metavar="0,1,...", help="of everything random (default: 0)")
    command.add_argument("--workers", type=workers, default=1, help="processes at a time (default: %(default)s)")
    command.add_argument(
        "--devices", type=devices, default=(), metavar="0,1,...",
        help="GPUs, shared out evenly between the workers; a run with several is a torchrun",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Run what is missing, print the table and return the exit code."""
    from tqdm import tqdm

    from training.comparison.reproduce import reproduce

    reproduce(
        args.ntu, args.out, tqdm.write, missing=args.missing, partial=args.partial, quick=args.quick,
        seeds=args.seeds, workers=args.workers, devices=args.devices,
    )  # fmt: skip
    return 0
