"""Hostile requests and files for a page of one's own: `python -m tests.app.page.hostile`; see `campaign`.

It starts a server on this machine and asks no other. It is bounded in number and in time.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.app.page.hostile.campaign import KINDS, campaign
from tests.app.page.hostile.served import free_port, served


def main() -> int:
    """Run the campaign, print what came of it, and return 1 if something is wrong."""
    command = argparse.ArgumentParser(prog="python -m tests.app.page.hostile", description=__doc__)
    command.add_argument("--tries", type=int, default=1000, help="number of requests and files")
    command.add_argument("--seconds", type=float, default=900, help="most seconds")
    command.add_argument("--seed", type=int, default=0, help="seed of what is tried")
    command.add_argument("--only", nargs="+", choices=KINDS, default=[*KINDS], metavar="KIND", help=", ".join(KINDS))
    command.add_argument("--log", type=Path, help="file for all that the server says")
    args = command.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(free_port(), Path(folder) / "log") as server:
        report = campaign(server, args.tries, args.seconds, args.seed, args.only)
    if args.log:
        args.log.write_text(report.said)
    print(report.text())
    return 1 if report.faults() else 0


if __name__ == "__main__":
    sys.exit(main())
