"""`python -m app doctor`: what works on this machine."""

from __future__ import annotations

import argparse

from app.commands.options import add_model, add_page, add_pose
from models.system.options import path
from models.system.places import EXAMPLE, ROOT

EXAMPLES = """\
examples:
  python -m app doctor
  python -m app doctor --camera 0 --json findings.json"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_model(command)
    command.add_argument("--camera", type=_camera, metavar="SOURCE", help="a camera's number or address that must work")
    add_page(command, "address of the page", "port of the page")
    command.add_argument("--json", type=path, metavar="FILE", help="write the findings to a file as well")
    add_pose(command)


def run(args: argparse.Namespace) -> int:
    """Run the checks, print what to do, and return the exit code."""
    from app.doctor.finding import DoctorOptions
    from app.doctor.report import run as check

    setup = DoctorOptions(
        model=args.model,
        device=args.device,
        threads=args.threads,
        pose=args.pose,
        camera=args.camera,
        host=args.host,
        port=args.port,
        example=EXAMPLE,
        requirements=ROOT / "requirements.txt",
    )
    return check(setup, args.json)


def _camera(text: str) -> int | str:
    from app.sources.camera import camera_source
    from app.sources.frames import CameraError

    try:
        return camera_source(text)
    except CameraError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
