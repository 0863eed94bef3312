"""The command line: `python -m app demo | classify | teach | bench | pose | doctor`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from models.system.places import DEFAULT_MODEL, EXAMPLE, ROOT

DEVICES = ("auto", "cpu", "cuda", "tensorrt")  # export.runtime.session says the same, and brings ONNX Runtime
POSES = ("wheel", "lite", "full", "heavy")
OK, USAGE, INTERRUPTED = 0, 2, 130


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    from app.batch.command import add_options as add_classify_options
    from app.teach.command import add_options as add_teach_options
    from app.teach.command import add_pack_options

    main = argparse.ArgumentParser(prog="python -m app", description="IKEM Live: names what people do, live.")
    commands = main.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = _command(commands, "demo", _demo, "open the live page in the browser")
    demo.epilog = (
        "The page is never shared through another host. For visitors elsewhere: --host with --auth and --ssl-*."
    )
    demo.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    demo.add_argument("--port", type=_port, default=7860, help="port to listen on (default: %(default)s)")
    demo.add_argument("--open", action="store_true", help="open a browser on the page")
    demo.add_argument(
        "--auth", metavar="USER:PASSWORD|FILE", help="ask visitors for a name and password; a file keeps them off the "
        "command line, one USER:PASSWORD a line"
    )  # fmt: skip
    demo.add_argument("--ssl-certfile", type=Path, metavar="FILE", help="certificate for https, in PEM")
    demo.add_argument("--ssl-keyfile", type=Path, metavar="FILE", help="its private key, in PEM")
    demo.add_argument("--record", type=Path, metavar="FILE.ikem", help="record the visitors' landmarks, no pictures")
    add_pack_options(demo)
    classify = _command(commands, "classify", _classify, "name the actions in videos, cameras and recorded skeletons")
    add_classify_options(classify)
    add_pack_options(classify)
    teach = _command(commands, "teach", _teach, "teach actions of your own by a few examples")
    add_teach_options(teach)
    bench = _command(commands, "bench", _bench, "measure the live path against MediaPipe alone")
    bench.add_argument("video", nargs="?", type=Path, default=EXAMPLE, help="a video (default: the example)")
    bench.add_argument("--people", action="store_true", help="one to four people in view, instead of MediaPipe alone")
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to a file as well")
    doctor = _command(commands, "doctor", _doctor, "check what works on this machine, and say what to do")
    doctor.add_argument("--camera", type=_camera, metavar="SOURCE", help="a camera's number or address that must work")
    doctor.add_argument("--host", default="127.0.0.1", help="address of the page (default: %(default)s)")
    doctor.add_argument("--port", type=_port, default=7860, help="port of the page (default: %(default)s)")
    doctor.add_argument("--json", type=Path, metavar="FILE", help="write the findings to a file as well")
    pose = commands.add_parser("pose", help="prepare the pose model")
    pose.set_defaults(run=_pose)
    for command in (demo, classify, teach, bench, doctor, pose):
        _add_pose(command)
    return main


def _command(
    commands: argparse._SubParsersAction, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="action model (default: the one shipped)")
    command.add_argument("--device", choices=DEVICES, default="auto", help="where the model runs")
    command.add_argument("--threads", type=_threads, help="most CPU threads of the action model")
    command.set_defaults(run=run)
    return command


def _add_pose(command: argparse.ArgumentParser) -> None:
    command.add_argument("--pose", choices=POSES, default="wheel", help="pose model (default: %(default)s)")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text!r}")
    return int(text)


def _threads(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 256):
        raise argparse.ArgumentTypeError(f"a number of threads is 1 to 256, not {text!r}")
    return int(text)


def _camera(text: str) -> int | str:
    from app.sources.camera import camera_source
    from app.sources.frames import CameraError

    try:
        return camera_source(text)
    except CameraError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _demo(args: argparse.Namespace) -> int:
    from app.page.server import launch
    from app.teach.command import check_pack_options

    check_pack_options(args)
    launch(
        args.model,
        pose=args.pose,
        device=args.device,
        threads=args.threads,
        host=args.host,
        port=args.port,
        open_browser=args.open,
        auth=args.auth,
        certfile=args.ssl_certfile,
        keyfile=args.ssl_keyfile,
        record=args.record,
        pack=args.pack,
        only=args.only,
    )
    return OK


def _classify(args: argparse.Namespace) -> int:
    from app.batch.command import run

    return run(args)


def _teach(args: argparse.Namespace) -> int:
    from app.teach.command import run

    return run(args)


def _bench(args: argparse.Namespace) -> int:
    from app.benchmark import live_path as bench
    from app.benchmark import people as bench_people
    from app.pose.model_file import ensure_pose_model
    from export.runtime import ActionModel

    kind = bench_people if args.people else bench
    model = ActionModel(args.model, device=args.device, threads=args.threads)
    result = kind.measure(args.video, model, ensure_pose_model(args.pose))
    print(kind.table(result))
    if args.json:
        bench.write_json(result, args.json)
    return OK


def _doctor(args: argparse.Namespace) -> int:
    from app.doctor.finding import Setup
    from app.doctor.report import run

    setup = Setup(
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
    return run(setup, args.json)


def _pose(args: argparse.Namespace) -> int:
    from app.pose.model_file import ensure_pose_model

    print("pose model:", ensure_pose_model(args.pose))
    return OK


def _run(args: argparse.Namespace) -> int:
    from models.system.atomic import OutputError
    from models.system.native_warnings import native_warnings_hidden

    try:
        with native_warnings_hidden():
            return args.run(args)
    except (ValueError, OutputError) as error:
        print(f"python -m app {args.command}: {error}", file=sys.stderr)
        return USAGE


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    command = ""
    try:
        args = parser().parse_args(argv)
        command = args.command
        return _run(args)
    except KeyboardInterrupt:
        kept = "; what was finished is whole, and --resume goes on from it" if command == "classify" else ""
        print(f"stopped{kept}", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
