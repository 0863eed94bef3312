"""`python -m training judge`: what a model file is worth on people, sets and real videos that never trained it.

It fills four tables: recorded and drawn clips; windows of real people at webcams; real videos, with events where there
is no action; and how soon the right word comes and goes. Each is printed and written as JSON and Markdown.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from models.system.options import path
from models.system.places import DEFAULT_MODEL, model_file
from training.commands.options import add_data, add_pose, threads

if TYPE_CHECKING:
    from export.runtime import ActionModel

RECORDED, WEBCAM, VIDEOS, SOON = TABLES = ("recorded", "webcam", "videos", "soon")
ONLY = """\
these tables alone (default: all): clips of recorded and drawn people, windows of real people at webcams, real videos
with events where there is no action, how soon the right word comes and goes"""
EXAMPLES = """\
examples:
  python -m training judge --data DATA --part test --out runs/results
  python -m training judge --data DATA --only webcam                 a minute: real people at webcams
  python -m app classify DATA/videos --out runs/seen --skeletons     look at the videos once ...
  python -m training judge --data DATA --only videos soon --seen runs/seen       ... and judge many models on them"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(command)
    command.add_argument(
        "--drawn", type=path, nargs="+", default=[Path("runs/drawn")], help="folders that `draw` wrote"
    )
    command.add_argument("--threads", type=threads, default=2)
    add_pose(command)
    command.add_argument(
        "--model", type=model_file, default=DEFAULT_MODEL, help="model file (default: models/pretrained/student.onnx)"
    )
    command.add_argument(
        "--part", choices=("val", "test", "held"), default="val",
        help="val to choose by, test to report, held for both together (without the table recorded)",
    )  # fmt: skip
    command.add_argument("--only", nargs="+", choices=TABLES, default=TABLES, help=ONLY)
    command.add_argument(
        "--seen", type=path, metavar="DIR", help="recordings of the videos by `classify --skeletons`, to save time"
    )
    command.add_argument("--out", type=path, default=Path("runs/results"), help="for the tables (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Judge the model, print the tables and return the exit code."""
    from export.runtime import ActionModel

    if args.part == "held" and RECORDED in args.only:
        raise ValueError("recorded clips are judged by val or by test: add --only webcam videos soon")
    model = ActionModel(args.model, device="cpu", threads=args.threads)
    if WEBCAM in args.only:
        from training.judging.webcam import judge_webcam, report

        print(report(judge_webcam(model, args.data, args.out, args.part)))
    if {RECORDED, VIDEOS}.intersection(args.only):
        _videos(model, args)
    if SOON in args.only:
        _soon(model, args)
    return 0


def _videos(model: ActionModel, args: argparse.Namespace) -> None:
    """Judge what needs the answers to the real videos, which are watched once."""
    from app.pose.model_file import ensure_pose_model
    from training.evaluation.results import markdown
    from training.judging.judge import HeldOut, judge_model
    from training.judging.rows import as_dicts
    from training.judging.videos import CLIP, QUIET, SINGLE, watch, write_videos
    from training.judging.webcam import PARTS

    kinds = (CLIP, *QUIET) if VIDEOS in args.only else SINGLE
    pose_model = ensure_pose_model(args.pose)
    watched = watch(model, pose_model, args.data / "videos", PARTS[args.part], args.seen, kinds)
    if VIDEOS in args.only:
        print(write_videos(watched, model.version, args.out, args.part), end="\n\n")
    if RECORDED in args.only:
        result = judge_model(model, HeldOut(args.data, args.drawn), watched, args.out, args.part)
        print(markdown(as_dicts(result.rows)))
        print(f"real videos: {result.videos} right, {result.videos.top3} in the top three", end="\n\n")


def _soon(model: ActionModel, args: argparse.Namespace) -> None:
    from app.pose.landmarker import PoseSource
    from app.pose.model_file import ensure_pose_model
    from training.evaluation.results import markdown
    from training.judging.soon import judge_soon
    from training.judging.timed import spliced, timelines, written
    from training.judging.webcam import PARTS

    parts, make_pose = PARTS[args.part], partial(PoseSource, ensure_pose_model(args.pose))
    recordings = [
        *timelines(args.data / "videos", parts, make_pose, args.seen), *spliced(args.data, parts), *written(parts),
    ]  # fmt: skip
    print(markdown([row.cells() for row in judge_soon(model, recordings, args.out, args.part)]))
