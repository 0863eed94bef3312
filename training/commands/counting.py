"""`python -m training counting`: how well repetitions are counted, in joined recordings and in real videos."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from models.system.options import path
from models.system.places import DEFAULT_MODEL, model_file
from training.commands.options import add_data, add_json, add_pose, threads

EXAMPLES = """\
examples:
  python -m training counting --data DATA --part val                         the people who choose
  python -m training counting --data DATA --part test --seen runs/seen       those who report"""
JOINED, VIDEOS = TABLES = ("joined", "videos")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(command)
    add_pose(command)
    command.add_argument("--model", type=model_file, default=DEFAULT_MODEL)
    command.add_argument("--part", choices=("val", "test"), default="val", help="val to choose by, test to report")
    command.add_argument("--only", nargs="+", choices=TABLES, default=TABLES, help="these tables alone (default: both)")
    command.add_argument(
        "--seen", type=path, metavar="DIR", help="recordings of the videos by `classify --skeletons`, to save time"
    )
    command.add_argument("--threads", type=threads, default=2)
    add_json(command)


def run(args: argparse.Namespace) -> int:
    """Measure, print the tables and return the exit code."""
    from export.runtime import ActionModel
    from models.system.atomic import write_json
    from training.evaluation.results import markdown
    from training.judging.counted_videos import count_videos
    from training.judging.repetitions import joined, judge_joined

    rows = {}
    if JOINED in args.only:
        rows[JOINED] = [asdict(row) for row in judge_joined(joined(args.data, args.part))]
    if VIDEOS in args.only:
        from app.pose.model_file import ensure_pose_model

        model = ActionModel(args.model, device="cpu", threads=args.threads)
        pose_model = ensure_pose_model(args.pose)
        found = count_videos(model, pose_model, args.data / "videos", (args.part,), args.seen)
        rows[VIDEOS] = [asdict(row) for row in found]
    for table in rows.values():
        print(markdown([{name: "-" if value is None else value for name, value in row.items()} for row in table]))
        print()
    if args.json:
        write_json(args.json, rows)
    return 0
