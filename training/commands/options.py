"""Options that commands share, and what they open."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from models.system.cores import usable_cores
from models.system.options import whole

if TYPE_CHECKING:
    from training.data.pool import Pool

MOST_THREADS = 1024  # training runs on larger machines than the app does
threads = whole(1, MOST_THREADS, f"a number of threads is 1 to {MOST_THREADS}")


def add_data(command: argparse.ArgumentParser) -> None:
    """--data, a folder of recorded skeletons."""
    command.add_argument("--data", type=Path, required=True, help="folder that holds skeletons/*.npz (and videos/)")


def add_pose(command: argparse.ArgumentParser) -> None:
    """--pose."""
    command.add_argument("--pose", default="wheel", help="pose model: wheel, lite, full or heavy")


def add_json(command: argparse.ArgumentParser) -> None:
    """--json."""
    command.add_argument("--json", type=Path, metavar="FILE", help="write the rows to a file as well")


def add_machine(command: argparse.ArgumentParser) -> None:
    """--device and --threads."""
    command.add_argument("--device", help="cpu or cuda (default: cuda where there is one)")
    command.add_argument("--threads", type=threads, default=usable_cores(), help="of the CPU (default: %(default)s)")


def add_run(command: argparse.ArgumentParser) -> None:
    """The clips of a run, its folder and the machine."""
    command.add_argument("--data", type=Path, required=True, metavar="STORE", help="clip store of `prepare`")
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
    command.add_argument("--out", type=Path, required=True, metavar="RUN", help="the run's folder; it is taken up")
    add_machine(command)


def use_threads(count: int) -> None:
    """Let torch use so many threads, and keep the memory that it frees."""
    import torch

    from models.system.memory import keep_freed_memory

    keep_freed_memory()
    torch.set_num_threads(count)


def open_pool(args: argparse.Namespace) -> Pool:
    """The clips that `add_run` names."""
    from training.data.pool import Pool

    return Pool.open([f"{args.data}:{args.split}" if args.split else str(args.data), *args.also])
