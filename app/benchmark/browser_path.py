"""Measure the page whose work the visitor's own browser does: `python -m app bench page --browser`.

In headless Chromium without a GPU, with a film as its camera, are measured: pictures a second beside a bare loop of the
same landmarker, in turns; how old a skeleton is when it is drawn; what the server spends on such a visitor, and on many
of them; the bytes until the skeleton shows, of the page that a server serves and of the page as a folder; and what is
asked of other hosts. Browser and server share the machine. docs/web.md has what came out.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from app.benchmark import browser_rates, browser_turns, browser_visits, many_visitors, visit_bytes
from app.benchmark.browser_table import table
from app.benchmark.browser_visits import say
from app.benchmark.chromium import CAMERA_FPS, BenchError, camera_file
from app.pose.model_file import KINDS, ensure_pose_model
from app.site.parts import has_parts, parts_folder
from models.system.cores import processor, usable_cores
from models.system.options import at_least_1, seconds

PARTS = ("rates", "bytes", "visitors")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    group = parser.add_argument_group("the page in the browser")
    group.add_argument("--browser", action="store_true", help="measure the page whose work the browser itself does")
    group.add_argument(
        "--only", nargs="+", choices=PARTS, metavar="PART", default=PARTS,
        help=f"measure these alone: {', '.join(PARTS)} (default: all)",
    )  # fmt: skip
    group.add_argument(
        "--pose", nargs="+", choices=KINDS, default=["wheel", "lite"],
        help="pose models of the rates (default: wheel lite; wheel is the full one)",
    )  # fmt: skip
    group.add_argument("--turns", type=at_least_1, default=3, help="turns of each way (default: %(default)d)")
    group.add_argument("--seconds", type=seconds, default=10.0, help="length of a turn (default: %(default)g)")


def run(args: argparse.Namespace, program: str) -> tuple[dict[str, Any], str]:
    """Measure what is asked for, and return the numbers and their table.

    Args:
        args: of `add_arguments`, with `video` and `visitors`.
        program: path of Chromium.

    Raises:
        BenchError: something that is needed is missing, or the page does not run; the message says what to do.
    """
    from playwright.sync_api import Error

    if args.demo:
        raise BenchError("--browser takes no options of the command demo")
    if not has_parts():
        raise BenchError(f"{parts_folder()} is not there: `make web` fetches what a browser needs (python -m app web)")
    for kind in args.pose if "rates" in args.only else ("wheel",):
        ensure_pose_model(kind)
    result: dict[str, Any] = {
        "processor": processor(), "cores": usable_cores(), "camera_fps": CAMERA_FPS, "video": args.video.name,
        "turns": args.turns, "seconds": args.seconds,
    }  # fmt: skip
    try:
        result |= _measured(args, program)
    except Error as error:
        raise BenchError(f"Chromium did not get through: {error.message.splitlines()[0]}") from None
    return result, table(result)


def _measured(args: argparse.Namespace, program: str) -> dict[str, Any]:
    addresses: list[str] = []
    result: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="ikem-bench-", ignore_cleanup_errors=True) as folder:
        camera = camera_file(args.video, Path(folder) / "camera.mjpeg")
        if "rates" in args.only:
            result["rates"] = {}
            for kind in args.pose:
                say(f"{kind}: {args.turns} turns of {', '.join(browser_turns.WAYS)}")
                rounds = browser_rates.measure(kind, camera, program, args.turns, args.seconds, addresses)
                result["rates"][kind] = browser_turns.summary(rounds)
        if {"bytes", "visitors"} & set(args.only):
            visitors = (args.visitors or many_visitors.GOAL_VISITORS) if "visitors" in args.only else 0
            result |= browser_visits.served(Path(folder), camera, program, visitors, addresses)
        if "bytes" in args.only:
            result["site"] = browser_visits.alone(Path(folder), camera, program, addresses)
    others = visit_bytes.foreign(addresses)
    return result | {"requests": len(addresses), "other_hosts": sorted(set(others))}
