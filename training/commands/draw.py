"""`python -m training draw`: labelled skeleton clips drawn as people, and the poses that the app sees in them."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.system.options import at_least_0, path, seed, workers
from training.commands.options import add_data, add_pose

EXAMPLES = "example: python -m training draw --data DATA --out runs/drawn --workers 2"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(command)
    add_pose(command)
    command.add_argument("--out", type=path, default=Path("runs/drawn"))
    command.add_argument("--limit", type=at_least_0, help="stop after this many clips; any number is a balanced set")
    command.add_argument("--workers", type=workers, default=2)
    command.add_argument("--seed", type=seed, default=0, help="another seed draws other cameras, looks and motions")
    command.add_argument("--film", action="store_true", help="dark, blurred, compressed, covered pictures as well")
    command.add_argument("--other", type=at_least_0, default=0, help="training clips of no action (default: none)")


def run(args: argparse.Namespace) -> int:
    """Draw the clips and return the exit code."""
    from app.pose.model_file import ensure_pose_model
    from training.drawing.camera_clips import draw_all
    from training.drawing.jobs import jobs

    todo = jobs(args.data, seed=args.seed, film=args.film, other=args.other)
    draw_all(todo[: args.limit], args.out, ensure_pose_model(args.pose), args.workers)
    return 0
