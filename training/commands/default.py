"""`python -m training default`: the default model, from recorded skeletons to the file that the app runs."""

from __future__ import annotations

import argparse
import functools
from pathlib import Path

from models.system.options import path, workers
from models.system.places import PRETRAINED, RECIPES
from training.commands.options import add_data, add_pose, threads, use_threads

EXAMPLES = "example: python -m training default --data DATA --sets all --out models/pretrained"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(command)
    add_pose(command)
    command.add_argument(
        "--recipe", type=path, default=RECIPES / "default.yaml", help="(default: training/recipes/default.yaml)"
    )
    command.add_argument("--sets", default="all", help="which of the recipe's sets train (default: %(default)s)")
    command.add_argument("--work", type=path, default=Path("runs/default"), help="what lies between (%(default)s)")
    command.add_argument("--out", type=path, default=PRETRAINED, help="model and card (default: models/pretrained)")
    command.add_argument("--threads", type=threads, default=2)
    begins = command.add_mutually_exclusive_group()
    begins.add_argument("--scratch", action="store_true", help="no pre-training: to compare with")
    begins.add_argument(
        "--start", type=path, metavar="FOLDER",
        help="no pre-training: begin with the encoders of this model or finished run, to rebuild quickly",
    )  # fmt: skip
    command.add_argument("--no-card", action="store_true", help="end with the model; the card's measures take hours")
    command.add_argument("--workers", type=workers, default=2, help="processes that draw, or train beside it")


def run(args: argparse.Namespace) -> int:
    """Make the model and, unless told otherwise, its card. Return the exit code."""
    from tqdm import tqdm

    from app.pose.model_file import ensure_pose_model
    from training.default.build import Build
    from training.default.recipe import DefaultRecipe

    use_threads(args.threads)
    recipe = DefaultRecipe.read(args.recipe)
    pose = functools.cache(lambda: ensure_pose_model(args.pose))
    build = Build(recipe, args.sets, args.data, args.work, pose, args.workers, tqdm.write)
    build.make(args.out, args.scratch, args.start)
    if not args.no_card:
        from training.default.appraisal import appraise

        appraise(build, args.out)
    return 0
