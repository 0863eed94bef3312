"""`python -m training own`: a model of one's own actions, from a folder of videos for each, or from corrected ones."""

from __future__ import annotations

import argparse

from models.system.cores import usable_cores
from models.system.options import at_least_1, path, seed, workers
from models.system.places import PRETRAINED, shipped
from training.commands.options import add_pose, threads

EXAMPLES = "example: python -m training own videos/ --out models/mine"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument(
        "folder",
        type=path,
        metavar="DIR",
        help="DIR/ACTION/file or DIR/ACTION/PERSON/file: videos, .ikem or "
        ".npz; or videos with files of corrected events beside them, as labels with times",
    )
    command.add_argument(
        "--out", type=path, required=True, metavar="MODEL", help="folder of the model; run again, it goes on"
    )
    command.add_argument(
        "--by", choices=("auto", "person", "file"), default="auto",
        help="hold back whole people to judge by, or files (default: people, where every file has a person's folder)",
    )  # fmt: skip
    command.add_argument(
        "--sides", action="store_true", help="left and right are different actions: learn no mirror image"
    )
    command.add_argument("--epochs", type=at_least_1, default=12, help="(default: %(default)s)")
    command.add_argument(
        "--start", type=shipped, default=PRETRAINED, help="weights to start from (default: models/pretrained)"
    )
    command.add_argument("--seed", type=seed, default=0, help="of what is held back, and of the training")
    command.add_argument("--workers", type=workers, default=2, help="videos looked at at once (default: %(default)s)")
    command.add_argument(
        "--threads",
        type=threads,
        default=usable_cores(),
        help="of the training; 1 where other programs are busy (default: %(default)s)",
    )
    add_pose(command)


def run(args: argparse.Namespace) -> int:
    """Make or resume the model and return the exit code."""
    from tqdm import tqdm

    from training.own.build import run as build

    return build(args, tqdm.write) or 0
