"""`python -m export`: from trained weights to model files, checked, for any machine."""

from __future__ import annotations

import argparse
import sys

from models.system.command_line import CommandLine, add_commands, asked_for, carry_out
from models.system.plots import plots_into_memory
from models.system.streams import open_closed_streams, output_handed_over

PROG = "python -m export"
# command -> what it does; the module export.commands.<command> holds `EXAMPLES`, `add_arguments` and `run`
COMMANDS = {
    "onnx": "write the weights as one self-contained ONNX file",
    "web": "write the recogniser as a graph for the browser; `ikem-live export web`: the whole page around it",
    "check": "compare model files with torch on real clips, on every engine that is here",
    "bench": "time model files beside the same weights in plain torch",
    "tensorrt": "build a TensorRT engine from the ONNX file, for this GPU",
    "triton": "write a model repository for the Triton Inference Server",
}


def parser(prog: str = PROG, only: str | None = None) -> argparse.ArgumentParser:
    """Build the parser of all commands, with the options of the command `only`, or of all (None)."""
    main = CommandLine(
        prog=prog, description=(__doc__ or "").replace(PROG, prog), formatter_class=argparse.RawTextHelpFormatter
    )
    add_commands(
        main, "export.commands", COMMANDS, lambda module, text: module.__doc__ or text, only,
        metavar="COMMAND", formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    return main


def main(argv: list[str] | None = None, prog: str = PROG) -> int:
    """Run the command line and return the exit code.

    Args:
        argv: the words of the command line; None takes this process's.
        prog: what the program is called in its help and in its errors.
    """
    open_closed_streams()
    plots_into_memory()
    words = sys.argv[1:] if argv is None else argv
    said = "error" if prog == PROG else prog
    with output_handed_over(said, 2):  # what --help says
        args = parser(prog, asked_for(words)).parse_args(words)
    return carry_out(args, said, "exporting", "stopped")


if __name__ == "__main__":
    sys.exit(main())
