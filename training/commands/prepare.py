"""`python -m training prepare`: conversion of recorded skeletons or videos into one clip store."""

from __future__ import annotations

import argparse

from models.system.options import path, workers
from models.system.words import count
from training.commands.options import add_pose

EXAMPLES = (
    "example: python -m training prepare nturgbd_skeletons/ --out stores/ntu60 "
    "--missing samples_with_missing_skeletons.txt"
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument("source", type=path, help="a file or a folder, searched with its folders")
    command.add_argument("--out", type=path, required=True, metavar="STORE", help="folder of the store; taken up")
    command.add_argument("--kind", help="ntu, pku, nw-ucla, clips or videos (default: told from the files)")
    command.add_argument(
        "--missing", type=path, metavar="LIST",
        help="NTU's list of samples with missing skeletons; given later, it takes its clips out of the store",
    )  # fmt: skip
    add_pose(command, "pose model for videos (default: %(default)s)")
    command.add_argument("--workers", type=workers, default=2, help="processes that read (default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Read the source, write the store and return the exit code.

    Raises:
        ValueError: as prepare(), or no more could be read than could not; the store is written then.
    """
    from tqdm import tqdm

    from training.data.prepare import prepare
    from training.data.prepared import SKIPPED

    counts = prepare(
        args.source, args.out, kind=args.kind, missing=args.missing, pose=args.pose, workers=args.workers,
        note=tqdm.write,
    )  # fmt: skip
    # A few files of a set are often broken. Of a script that goes on with half of a set, nobody would hear.
    if counts.skipped >= counts.clips:
        raise ValueError(
            f"{args.out} holds {count(counts.clips, 'clip')}, but {counts.skipped} files or clips could not be used "
            f"({args.out / SKIPPED} names them): mend these and prepare again, or go on with what there is"
        )
    return 0
