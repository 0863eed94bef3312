"""`python -m app pose`: the pose model's file, before it is needed."""

from __future__ import annotations

import argparse

from app.commands.options import add_pose

EXAMPLES = """\
examples:
  python -m app pose
  python -m app pose --pose full"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_pose(command)


def run(args: argparse.Namespace) -> int:
    """Prepare the file, print where it is and return the exit code."""
    from app.pose.model_file import ensure_pose_model

    print("pose model:", ensure_pose_model(args.pose))
    return 0
