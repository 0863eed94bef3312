"""`python -m training identities`: identity switches when people cross, of the app's and other trackers."""

from __future__ import annotations

import argparse

from models.system.options import at_least_1, seed
from training.commands.options import add_json

EXAMPLES = "example: python -m training identities --scenes 6 --first-seed 100"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument("--scenes", type=at_least_1, default=6, help="of each number of people and frame rate")
    command.add_argument("--first-seed", type=seed, default=100, help="0 to 7 chose the app's constants")
    add_json(command)


def run(args: argparse.Namespace) -> int:
    """Compare the trackers, print the table and return the exit code."""
    from models.system.atomic import write_json
    from training.evaluation.results import markdown
    from training.judging.identities import compare

    rows = compare(range(args.first_seed, args.first_seed + args.scenes))
    print(markdown(rows))
    if args.json:
        write_json(args.json, rows)
    return 0
