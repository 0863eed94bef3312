"""`python -m training example`: drawing of the demo's example video."""

from __future__ import annotations

import argparse

from models.system.options import path
from models.system.places import EXAMPLE

EXAMPLES = "example: python -m training example --out assets/example.mp4"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument("--out", type=path, default=EXAMPLE)


def run(args: argparse.Namespace) -> int:
    """Draw the video and return the exit code."""
    from training.drawing.example import STEPS, scene, write_video

    write_video(args.out, scene(STEPS))
    return 0
