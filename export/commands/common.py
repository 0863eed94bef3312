"""Options that commands share, and the file that their numbers go to."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.system.atomic import write_json
from models.system.command_line import program_of
from models.system.options import path
from models.system.places import PRETRAINED, model_file, shipped


def add_models(command: argparse.ArgumentParser, weights: str) -> None:
    """Add MODEL..., --weights and --json.

    Args:
        command: the parser that takes the options.
        weights: what the weights are for, in the help.
    """
    command.add_argument(
        "models", type=model_file, nargs="+", metavar="MODEL", help=f"what `{program_of(command)} onnx` wrote"
    )
    command.add_argument(
        "--weights", type=shipped, default=PRETRAINED, metavar="FOLDER",
        help=f"{weights} (models/pretrained)",
    )  # fmt: skip
    command.add_argument("--json", type=path, metavar="FILE", help="write the numbers here too")


def write_numbers(numbers: Mapping[str, Any], out: Path | None) -> None:
    """Write the numbers to `out` as JSON, all or nothing, unless it is None."""
    if out is not None:
        write_json(out, numbers)
