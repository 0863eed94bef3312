"""`python -m app web`: what the page needs so that the visitor's own browser does the work, before it is needed."""

from __future__ import annotations

import argparse

EXAMPLES = """\
examples:
  python -m app web"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options: there are none."""


def run(args: argparse.Namespace) -> int:
    """Fetch the parts, print where they are and return the exit code."""
    from app.site.parts import ensure_parts, versions

    folder = ensure_parts()
    print("for the browser:", folder, f"({', '.join(f'{name} {version}' for name, version in versions().items())})")
    return 0
