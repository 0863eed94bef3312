"""`python -m app web`: what the page needs so that the visitor's own browser does the work, before it is needed."""

from __future__ import annotations

import argparse
import sys

EXAMPLES = """\
examples:
  python -m app web
  python -m app web --check"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument("--check", action="store_true", help="fetch nothing: only say whether it is there")


def run(args: argparse.Namespace) -> int:
    """Fetch the parts, print where they are and return the exit code."""
    from app.site.parts import ensure_parts, has_parts, parts_folder, versions

    if args.check and not has_parts():
        print(f"nothing in {parts_folder()} yet: `python -m app web` fetches it", file=sys.stderr)
        return 1
    folder = ensure_parts()
    print("for the browser:", folder, f"({', '.join(f'{name} {version}' for name, version in versions().items())})")
    return 0
