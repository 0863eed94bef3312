"""`python -m app web`: the page whose work the visitor's own browser does, as a folder for any web server.

`ikem-live export web` is the same.
"""

from __future__ import annotations

import argparse
import sys

from app.commands.options import add_pose
from models.system.options import path
from models.system.places import DEFAULT_MODEL, model_file

EXAMPLES = """\
examples:
  python -m app web
  python -m app web --check
  python -m app web --out site
  python -m app web --out site --model open"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument("--check", action="store_true", help="fetch nothing: only say whether it is there")
    command.add_argument(
        "--out", type=path, metavar="FOLDER",
        help="write the page there, for any web server; without it, only what it needs is fetched",
    )  # fmt: skip
    command.add_argument(
        "--model", type=model_file, default=DEFAULT_MODEL, metavar="FILE|open|default",
        help="action model, with its weights beside it; `open` is the shipped one with open terms (default: default)",
    )  # fmt: skip
    add_pose(command)


def run(args: argparse.Namespace) -> int:
    """Fetch the parts, write the page if a folder is named, print where it is and return the exit code."""
    from app.site.parts import ensure_parts, has_parts, parts_folder, versions

    if args.out is not None:
        from app.site.build import check_place

        check_place(args.out)  # before anything is fetched
    if args.check and not has_parts():
        print(f"nothing in {parts_folder()} yet: `python -m app web` fetches it", file=sys.stderr)
        return 1
    folder = ensure_parts()
    print("for the browser:", folder, f"({', '.join(f'{name} {version}' for name, version in versions().items())})")
    if args.check or args.out is None:
        return 0
    from app.site.build import site_files, write_site
    from app.site.gather import gathered

    model, recognition = gathered(args.model, args.pose)
    files = site_files(model, recognition)
    write_site(files, args.out)
    size = sum(len(content) for content in files.values())
    print(f"{args.out}: {len(files)} files, {size / 1e6:.1f} MB")
    print(f"to try it: python -m http.server -b 127.0.0.1 -d {args.out}")
    return 0
