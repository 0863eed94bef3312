"""`python -m app bench`: what the live path costs, and the benchmarks that have options of their own."""

from __future__ import annotations

import argparse

from app.commands.options import add_model, add_pose
from models.system.atomic import write_json
from models.system.options import path
from models.system.places import EXAMPLE

EXAMPLES = """\
examples:
  python -m app bench
  python -m app bench video.mp4 --people
  python -m app bench page --minutes 10     the page in a real browser
  python -m app bench page --browser        the page whose work the browser itself does
  python -m app bench batch --seconds 27    what more workers give to classify
  python -m app bench camera                how old answers are when cameras are faster than the machine

page, batch and camera have options of their own: --help after them. A file of that name is ./page."""
# the first word of those benchmarks -> the module whose main() takes the words after it
FORMS = {"page": "app.benchmark.page", "batch": "app.benchmark.batch", "camera": "app.benchmark.camera"}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_model(command)
    command.add_argument("video", nargs="?", type=path, default=EXAMPLE, help="a video (default: the example)")
    command.add_argument("--people", action="store_true", help="one to four people in view, instead of MediaPipe alone")
    command.add_argument("--json", type=path, metavar="FILE", help="write the numbers to a file as well")
    add_pose(command)


def run(args: argparse.Namespace) -> int:
    """Measure, print the table and return the exit code."""
    from app.benchmark import live_path, people
    from app.pose.model_file import ensure_pose_model
    from export.runtime import ActionModel

    kind = people if args.people else live_path
    model = ActionModel(args.model, device=args.device, threads=args.threads)
    result = kind.measure(args.video, model, ensure_pose_model(args.pose))
    print(kind.table(result))
    if args.json:
        write_json(args.json, result)
    return 0
