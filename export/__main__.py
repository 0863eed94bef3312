"""`python -m export`: from trained weights to model files, checked, for any machine."""

from __future__ import annotations

import argparse
import importlib
import sys

# command -> what it does; the module export.commands.<command> holds `EXAMPLES`, `add_arguments` and `run`
COMMANDS = {
    "onnx": "write the weights as one self-contained ONNX file",
    "check": "compare model files with torch on real clips, on every engine that is here",
    "bench": "time model files beside the same weights in plain torch",
    "tensorrt": "build a TensorRT engine from the ONNX file, for this GPU",
    "triton": "write a model repository for the Triton Inference Server",
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m export", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        module = importlib.import_module(f"export.commands.{name}")
        command = commands.add_parser(
            name, help=text, description=module.__doc__, epilog=module.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    args = _parser().parse_args(argv)
    try:
        return args.run(args)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
