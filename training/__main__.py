"""python -m training COMMAND: build the training data and train, step by step."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def _draw(args: argparse.Namespace) -> None:
    from app.pose_model import ensure_pose_model
    from training.camera_clips import draw_all, jobs

    draw_all(jobs(args.data), args.out, ensure_pose_model(args.pose), args.workers)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    draw = commands.add_parser(
        "draw",
        help="draw labelled skeleton clips as people and record the poses that the app sees in them",
        epilog="example: python -m training draw --data ../shared/data --out runs/drawn --workers 2",
    )
    draw.add_argument("--data", type=Path, required=True, help="folder that holds skeletons/*.npz")
    draw.add_argument("--out", type=Path, default=Path("runs/drawn"))
    draw.add_argument("--pose", default="wheel", help="pose model: wheel, lite, full or heavy")
    draw.add_argument("--workers", type=int, default=2)
    draw.set_defaults(run=_draw)
    return parser


def main() -> int:
    args = _parser().parse_args()
    try:
        args.run(args)
    except (ValueError, OSError) as error:
        print(f"training: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
