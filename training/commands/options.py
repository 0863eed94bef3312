"""Options that several commands share, and the clips that they name."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.pose.model_file import KINDS
from models.system.cores import usable_cores
from models.system.options import path, seed, whole

if TYPE_CHECKING:
    from training.data.pool import Pool

MOST_THREADS = 1024  # training runs on larger machines than the app does
threads = whole(1, MOST_THREADS, f"a number of threads is 1 to {MOST_THREADS}")


def devices(text: str) -> tuple[str, ...]:
    """Read "0,1" as the numbers of GPUs."""
    words = tuple(text.replace(" ", "").split(","))
    if not all(word.isascii() and word.isdecimal() for word in words):
        raise argparse.ArgumentTypeError(f"GPUs are named by their numbers, like 0,1; got {text!r}")
    return words


def seeds(text: str) -> tuple[int, ...]:
    """Read "0,1,2" as seeds, each once."""
    return tuple(dict.fromkeys(seed(word) for word in text.replace(" ", "").split(",")))


def add_data(command: argparse.ArgumentParser) -> None:
    """Add --data, a folder of recorded skeletons."""
    command.add_argument("--data", type=path, required=True, help="folder that holds skeletons/*.npz (and videos/)")


def add_pose(command: argparse.ArgumentParser, text: str = "pose model (default: %(default)s)") -> None:
    """Add --pose, the pose model."""
    command.add_argument("--pose", choices=KINDS, default="wheel", help=text)


def add_json(command: argparse.ArgumentParser) -> None:
    """Add --json, a file for the rows."""
    command.add_argument("--json", type=path, metavar="FILE", help="write the rows to a file as well")


def add_machine(command: argparse.ArgumentParser) -> None:
    """Add --device and --threads."""
    command.add_argument("--device", help="cpu or cuda (default: cuda where there is one)")
    command.add_argument("--threads", type=threads, default=usable_cores(), help="of the CPU (default: %(default)s)")


def add_run(command: argparse.ArgumentParser) -> None:
    """Add the options of a training run: its clips, its folder and the machine."""
    command.add_argument("--data", type=path, required=True, metavar="STORE", help="clip store of `prepare`")
    command.add_argument(
        "--split",
        help="train on this split's training clips (xview), or all but its test clips (xview+)",
    )
    command.add_argument(
        "--also",
        nargs="+",
        default=[],
        metavar="STORE[:SPLIT]",
        help="further stores, all their clips or a split's training clips, used without labels",
    )
    command.add_argument("--out", type=path, required=True, metavar="RUN", help="the run's folder; it is taken up")
    add_machine(command)


def use_threads(count: int) -> None:
    """Set the number of torch's threads, and let the process keep the memory that it frees."""
    import torch

    from models.system.memory import keep_freed_memory

    keep_freed_memory()
    torch.set_num_threads(count)


def open_pool(args: argparse.Namespace) -> Pool:
    """Open the clips that the options of `add_run` name."""
    from training.data.pool import Pool

    return Pool.open([f"{args.data}:{args.split}" if args.split else str(args.data), *args.also])
