"""`python -m training distil`: distillation of a pre-trained teacher into the joints / bones / motions student."""

from __future__ import annotations

import argparse

from models.system.options import path
from training.commands.options import add_run, open_pool, use_threads
from training.config.options import add_options, from_args
from training.config.schema import DistilConfig

EXAMPLES = (
    "example: python -m training distil --preset compact --teacher runs/teacher --data stores/ucla "
    "--split xview --out runs/student"
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument("--teacher", type=path, required=True, metavar="RUN", help="finished folder of `pretrain`")
    add_run(command)
    add_options(command, DistilConfig)


def run(args: argparse.Namespace) -> int:
    """Start or resume the training and return the exit code."""
    from tqdm import tqdm

    from training.method.distil import distil
    from training.parallel.torchrun import leave

    use_threads(args.threads)
    config = from_args(DistilConfig, args)
    distil(open_pool(args), args.teacher, config, args.out, tqdm.write, args.device)
    leave()
    return 0
