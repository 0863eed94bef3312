"""python -m training COMMAND: build the training data and train, step by step."""

from __future__ import annotations

import argparse
import os
import sys

# A waiting thread gives its core away early. That costs a little (3 %) where the cores are the process's own, and is
# several times faster where they are shared. The variable is read when torch loads its threads.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

from models.system.command_line import CommandLine, add_commands, asked_for, carry_out
from models.system.plots import plots_into_memory
from models.system.streams import open_closed_streams, output_handed_over

PROG = "python -m training"
# command -> what it does; the module training.commands.<command> holds `EXAMPLES`, `add_arguments` and `run`
COMMANDS = {
    "draw": "draw labelled skeleton clips as people, and keep the poses that the app sees in them",
    "default": "make the default model: draw, pre-train, distil, train, calibrate, export",
    "judge": "judge a model file on actors, people at webcams, sets and real videos that never trained it",
    "example": "draw the demo's example video",
    "events": "do the app's events lie on the actions, in spliced recordings of known times",
    "counting": "how well repetitions are counted: joined recordings of known numbers, and real videos",
    "teaching": "actions taught by a few examples: N-way K-shot accuracy of ways to answer",
    "own": "a model of your own actions, from a folder of videos for each: train, judge, export",
    "identities": "who is taken for whom when people cross: the app and tracking libraries",
    "prepare": "read recorded skeletons or videos into one clip store",
    "pretrain": "pre-train the modalities' encoders without labels",
    "distil": "distil a pre-trained teacher into the joints / bones / motions student",
    "evaluate": "judge a pre-trained or distilled run, or a model trained with labels alone",
    "compare": "run a grid of exchanges, modalities and distillations, and write one table",
    "reproduce": "the paper's headline from NTU RGB+D's files, beside the published numbers",
    "bench": "clips a second and memory of a pre-training step, ours beside the published way",
}


def parser(prog: str = PROG, only: str | None = None) -> argparse.ArgumentParser:
    """Build the parser of the commands.

    Options are added for the command `only`, or for all commands where that is None.
    """
    main = CommandLine(prog=prog, description=(__doc__ or "").replace(PROG, prog))
    add_commands(
        main, "training.commands", COMMANDS, lambda module, text: text, only,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    return main


def main(argv: list[str] | None = None, prog: str = PROG) -> int:
    """Run one command and return the exit code.

    Args:
        argv: the words of the command line; None takes this process's.
        prog: what the program is called in its help and in its errors.
    """
    open_closed_streams()
    plots_into_memory()
    words = sys.argv[1:] if argv is None else argv
    said = "training" if prog == PROG else prog
    with output_handed_over(said, 2):  # what --help says
        args = parser(prog, asked_for(words)).parse_args(words)
    stopped = f"{said}: stopped; the same command goes on from the last checkpoint, if any"
    return carry_out(args, said, "training", stopped)


if __name__ == "__main__":
    sys.exit(main())
