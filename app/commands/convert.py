"""`python -m app convert`: recorded landmarks, or events, in formats of programs elsewhere."""

from __future__ import annotations

import argparse
import sys

from models.system.options import number, path
from models.system.words import count

HELP = """\
Write a recording of landmarks (.ikem) as a table (.csv) or as arrays (.npz): for each person of each frame the 33
landmarks in metres and in the picture, their visibility, and the 25 joints that the models take with whether each is
seen. The table's header, and `about` among the arrays, say what is what and in which units.

world: metres from the middle of the hips; x to the right of the picture, y down, z away from the camera.
image: fractions of the picture's width (x, z) and height (y), from its upper left corner.
joint: metres from the middle of the hips; x to the actor's right, y up, z away from the camera.

A frame with nobody in it is a row of the table with its time and nothing else; among the arrays its time is in `times`.
A person of number 1000 or more was seen, but not followed from frame to frame.

Or write the events of one input (.jsonl or .csv, corrected or not) for ELAN (.eaf, a tier for each person) or for
Label Studio (.json, whose times are frames: --fps says how many there are in a second of the video)."""
EXAMPLES = """\
examples:
  python -m app convert results/holiday.ikem holiday.csv
  python -m app convert results/holiday.ikem holiday.npz
  python -m app convert results/holiday.jsonl holiday.eaf
  python -m app convert holiday.corrected.jsonl holiday.json --fps 25"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument(
        "recording", type=path, metavar="FILE", help="landmarks (.ikem) that --skeletons or --record wrote; or events "
        "(.jsonl, .csv)",
    )  # fmt: skip
    command.add_argument(
        "out", type=path, metavar="OUT", help="a .csv or .npz file of landmarks, an .eaf or .json file of events; one "
        "of that name is replaced",
    )  # fmt: skip
    command.add_argument(
        "--fps", type=number(0.1, 1000, "frames a second from 0.1 to 1000"), metavar="N", help="of the video, for .json"
    )


def run(args: argparse.Namespace) -> int:
    """Write the file and return the exit code."""
    from app.corrections.formats import KINDS

    if args.recording.suffix.lower() in KINDS:
        return _events(args)
    if args.fps is not None:
        raise ValueError("--fps is for events and a .json file")
    return _landmarks(args)


def _landmarks(args: argparse.Namespace) -> int:
    from app.landmarks.convert import convert

    done = convert(args.recording, args.out)
    if done.note:
        print(f"{args.recording}: {done.note}", file=sys.stderr)
    rows, followed = count(done.rows, "row"), count(done.people, "person", "people")
    if done.empty and args.out.suffix.lower() == ".csv":
        rows += f" of people and {done.empty} of frames with nobody"
    print(f"{args.out}: {count(done.frames, 'frame')}, {rows}, {followed} followed, to {done.seconds:.1f} s")
    return 0


def _events(args: argparse.Namespace) -> int:
    from app.corrections.elan import eaf
    from app.corrections.formats import read_corrections
    from app.corrections.label_studio import label_studio
    from models.system.atomic import write_text

    found, suffix = read_corrections(args.recording, every=True), args.out.suffix.lower()
    if len(found) != 1:
        held = f"the events of {len(found)} inputs" if found else "no event"
        raise ValueError(f"{args.recording} holds {held}: name a file with the events of one")
    if suffix not in (".eaf", ".json"):
        raise ValueError(f"{args.out}: events become an .eaf file (ELAN) or a .json file (Label Studio)")
    if (args.fps is None) != (suffix == ".eaf"):
        raise ValueError("--fps says the video's frames a second, for a .json file and for no other")
    write_text(args.out, eaf(found[0]) if suffix == ".eaf" else label_studio(found[0], args.fps))
    print(f"{args.out}: {count(len(found[0].events), 'event')} of {found[0].source}")
    return 0
