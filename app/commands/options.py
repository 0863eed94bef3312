"""Options that commands share."""

from __future__ import annotations

import argparse

from models.system.command_line import program_of
from models.system.options import nonempty, path, port, threads
from models.system.places import DEFAULT_MODEL, model_file

DEVICES = ("auto", "cpu", "cuda", "tensorrt")  # export.runtime.session says the same, and brings ONNX Runtime
POSES = ("wheel", "lite", "full", "heavy")


def add_model(command: argparse.ArgumentParser) -> None:
    """Add --model, --device and --threads."""
    command.add_argument(
        "--model", type=model_file, default=DEFAULT_MODEL, metavar="FILE|open|default",
        help="action model: a file, or a shipped one by its name; `open` is the one with open terms (default: default; "
        "a file of such a name is ./open)",
    )  # fmt: skip
    command.add_argument("--device", choices=DEVICES, default="auto", help="where the model runs")
    command.add_argument("--threads", type=threads, help="most CPU threads of the action model")


def add_pose(command: argparse.ArgumentParser) -> None:
    """Add --pose."""
    command.add_argument("--pose", choices=POSES, default="wheel", help="pose model (default: %(default)s)")


def add_page(command: argparse.ArgumentParser, host: str, port_text: str) -> None:
    """Add --host and --port of the page.

    Args:
        command: the parser that takes the options.
        host: help text of the address.
        port_text: help text of the port.
    """
    command.add_argument("--host", type=nonempty, default="127.0.0.1", help=f"{host} (default: %(default)s)")
    command.add_argument("--port", type=port, default=7860, help=f"{port_text} (default: %(default)s)")


def add_pack(command: argparse.ArgumentParser) -> None:
    """Add --pack and --only, for commands that use a pack."""
    teach = f"{program_of(command)} teach"
    command.add_argument("--pack", type=path, metavar="FILE", help=f"actions of your own, from `{teach}`")
    command.add_argument("--only", action="store_true", help="with --pack: name these alone, not the model's own")


def check_pack(args: argparse.Namespace) -> None:
    """Refuse --only without --pack.

    Raises:
        ValueError: --only is given without --pack.
    """
    if args.only and args.pack is None:
        raise ValueError("--only needs a pack: --pack FILE names the actions that are left")
