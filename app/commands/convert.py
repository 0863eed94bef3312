"""`python -m app convert`: a recording of landmarks as a table or as arrays, for analysis elsewhere."""

from __future__ import annotations

import argparse
import sys

from models.system.options import path
from models.system.words import count

HELP = """\
Write a recording of landmarks (.ikem) as a table (.csv) or as arrays (.npz): for each person of each frame the 33
landmarks in metres and in the picture, their visibility, and the 25 joints that the models take with whether each is
seen. The table's header, and `about` among the arrays, say what is what and in which units.

world: metres from the middle of the hips; x to the right of the picture, y down, z away from the camera.
image: fractions of the picture's width (x, z) and height (y), from its upper left corner.
joint: metres from the middle of the hips; x to the actor's right, y up, z away from the camera.

A frame with nobody in it is a row of the table with its time and nothing else; among the arrays its time is in `times`.
A person of number 1000 or more was seen, but not followed from frame to frame."""
EXAMPLES = """\
examples:
  python -m app convert results/holiday.ikem holiday.csv
  python -m app convert results/holiday.ikem holiday.npz"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument(
        "recording", type=path, metavar="FILE.ikem", help="landmarks that --skeletons or --record wrote"
    )
    command.add_argument("out", type=path, metavar="OUT", help="the .csv or .npz file; one of that name is replaced")


def run(args: argparse.Namespace) -> int:
    """Write the file and return the exit code."""
    from app.landmarks.convert import convert

    done = convert(args.recording, args.out)
    if done.note:
        print(f"{args.recording}: {done.note}", file=sys.stderr)
    rows, followed = count(done.rows, "row"), count(done.people, "person", "people")
    if done.empty and args.out.suffix.lower() == ".csv":
        rows += f" of people and {done.empty} of frames with nobody"
    print(f"{args.out}: {count(done.frames, 'frame')}, {rows}, {followed} followed, to {done.seconds:.1f} s")
    return 0
