"""`python -m app demo`: the live page."""

from __future__ import annotations

import argparse
import sys

from app.commands.options import add_model, add_pack, add_page, add_pose, check_pack
from models.system.options import nonempty, path, whole
from models.system.stay_up import stay_up

EXAMPLES = """\
examples:
  python -m app demo --open
  python -m app demo --pack my.pack                                  with actions of your own
  python -m app demo --host 0.0.0.0 --auth users.txt --ssl-certfile cert.pem --ssl-keyfile key.pem

The page is never shared through another host. For visitors elsewhere: --host with --auth and --ssl-*."""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_model(command)
    add_page(command, "address to listen on", "port to listen on")
    command.add_argument("--open", action="store_true", help="open a browser on the page")
    command.add_argument(
        "--auth", type=nonempty, metavar="USER:PASSWORD|FILE", help="ask visitors for a name and password; a file "
        "keeps them off the command line, one USER:PASSWORD a line"
    )  # fmt: skip
    command.add_argument("--ssl-certfile", type=path, metavar="FILE", help="certificate for https, in PEM")
    command.add_argument("--ssl-keyfile", type=path, metavar="FILE", help="its private key, in PEM")
    command.add_argument("--record", type=path, metavar="FILE.ikem", help="record the visitors' landmarks, no pictures")
    command.add_argument(
        "--root-path", type=nonempty, metavar="PATH|ADDRESS", help="where a proxy shows the page: /ikem, or better all "
        "of it, https://example.org/ikem"
    )  # fmt: skip
    command.add_argument(
        "--allow-host", action="append", type=nonempty, default=[], metavar="NAME", help="a further name under which "
        "the page may be asked for; may be given several times"
    )  # fmt: skip
    command.add_argument(
        "--frame-ancestors", type=nonempty, metavar="SITES", help="sites that may show the page in a frame, such as "
        '"https://huggingface.co" (default: none)'
    )  # fmt: skip
    command.add_argument(
        "--per-address", type=whole(1), default=2, metavar="N", help="most visitors of one address that are served "
        "live at once (default: %(default)s)"
    )  # fmt: skip
    command.add_argument(
        "--events", action="store_true", help="let other programs hear a visitor's events, by an address that "
        "their page shows (docs/events.md)"
    )  # fmt: skip
    add_pack(command)
    add_pose(command)


def run(args: argparse.Namespace) -> int:
    """Serve the page until it is stopped, and return the exit code; serve it again if native code ends it."""
    check_pack(args)
    return stay_up(lambda first: _serve(args, first))


def _serve(args: argparse.Namespace, first: bool) -> int:
    # Before the import, which takes most of the seconds.
    print("IKEM Live is starting; this takes some seconds.", file=sys.stderr, flush=True)
    from app.page.launch import launch
    from app.site.served import here

    launch(
        args.model,
        pose=args.pose,
        device=args.device,
        threads=args.threads,
        host=args.host,
        port=args.port,
        open_browser=args.open and first,
        auth=args.auth,
        certfile=args.ssl_certfile,
        keyfile=args.ssl_keyfile,
        record=args.record,
        pack=args.pack,
        only=args.only,
        root=args.root_path or "",
        hosts=args.allow_host,
        frame_ancestors=args.frame_ancestors or "",
        per_address=args.per_address,
        events=args.events,
        make_here=here,
    )
    return 0
