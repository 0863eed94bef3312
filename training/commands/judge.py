"""`python -m training judge`: accuracy of a model file on actors, sets and real videos that never trained it."""

from __future__ import annotations

import argparse
from pathlib import Path

from models.system.places import DEFAULT_MODEL, model_file
from training.commands.options import add_data, add_pose, threads

EXAMPLES = "example: python -m training judge --data DATA --part test --out runs/results"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(command)
    command.add_argument(
        "--drawn", type=Path, nargs="+", default=[Path("runs/drawn")], help="folders that `draw` wrote"
    )
    command.add_argument("--threads", type=threads, default=2)
    add_pose(command)
    command.add_argument(
        "--model", type=model_file, default=DEFAULT_MODEL, help="model file (default: models/pretrained/student.onnx)"
    )
    command.add_argument("--part", choices=("val", "test"), default="val", help="val to choose by, test to report")
    command.add_argument("--out", type=Path, default=Path("runs/results"), help="for the tables (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Judge the model, print the tables and return the exit code."""
    from app.pose.model_file import ensure_pose_model
    from export.runtime import ActionModel
    from training.evaluation.results import markdown
    from training.judging.judge import HeldOut, judge_model
    from training.judging.rows import as_dicts

    model = ActionModel(args.model, device="cpu", threads=args.threads)
    held = HeldOut(args.data, args.drawn)
    result = judge_model(model, held, args.data / "videos", ensure_pose_model(args.pose), args.out, args.part)
    print(markdown(as_dicts(result.rows)))
    print(f"real videos: {result.videos} right, {result.videos.top3} in the top three")
    return 0
