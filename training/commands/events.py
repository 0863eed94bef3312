"""`python -m training events`: accuracy of the app's events, in label and in time."""

from __future__ import annotations

import argparse

from models.system.options import at_least_1, seed, share
from models.system.places import DEFAULT_MODEL, model_file
from training.commands.options import add_data, add_json, threads

EXAMPLES = "example: python -m training events --data DATA --part val"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_data(command)
    command.add_argument("--model", type=model_file, default=DEFAULT_MODEL)
    command.add_argument("--part", choices=("val", "test"), default="val", help="val to choose by, test to report")
    command.add_argument("--each", type=at_least_1, default=5, help="recordings a set (default: %(default)s)")
    command.add_argument("--seed", type=seed, default=0, help="another seed splices other clips")
    command.add_argument(
        "--sensitivity", type=share("a sensitivity"), nargs="+", default=[0.5],
        help="a table for each (default: the model file's own)",
    )  # fmt: skip
    command.add_argument("--threads", type=threads, default=2)
    add_json(command)


def run(args: argparse.Namespace) -> int:
    """Measure, print the table and return the exit code."""
    from export.runtime import ActionModel
    from models.system.atomic import write_json
    from training.data.splices import splices
    from training.evaluation.results import markdown
    from training.judging.events import measure

    model = ActionModel(args.model, device="cpu", threads=args.threads)
    rows = measure(model, splices(args.data, args.part, args.each, args.seed), args.sensitivity)
    print(markdown(rows))
    if args.json:
        write_json(args.json, rows)
    return 0
