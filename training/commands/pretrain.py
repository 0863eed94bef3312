"""`python -m training pretrain`: pre-training of the modalities' encoders, without labels."""

from __future__ import annotations

import argparse

from models.system.options import path
from training.commands.options import add_run, open_pool, use_threads
from training.config.options import add_options, from_args
from training.config.schema import PretrainConfig

EXAMPLES = (
    "example: python -m training pretrain --preset compact --data stores/ucla "
    "--split xview --out runs/teacher --exchange ekem+ikem"
)


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_run(command)
    command.add_argument(
        "--stage1-from",
        type=path,
        metavar="RUN",
        help="begin where this run's stage 1 ended (modalities may be fewer)",
    )
    add_options(command, PretrainConfig)


def run(args: argparse.Namespace) -> int:
    """Start or resume the training and return the exit code."""
    from tqdm import tqdm

    from training.method.pretrain import pretrain
    from training.parallel.torchrun import leave

    use_threads(args.threads)
    config = from_args(PretrainConfig, args)
    pretrain(open_pool(args), config, args.out, tqdm.write, args.stage1_from, args.device)
    leave()
    return 0
