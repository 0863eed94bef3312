"""`python -m training bench`: time and memory of a pre-training step, ours and as published."""

from __future__ import annotations

import argparse

from models.system.options import at_least_1, path, whole
from training.commands.options import add_machine

EXAMPLES = """examples:
  python -m training bench --batch 32 --people 1
  python -m training bench --batch 32 --processes 1 2 4
"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument("--batch", type=at_least_1, default=32, help="clips a step (default: %(default)s)")
    command.add_argument("--people", type=whole(1, 2), default=1, help="body slots a clip, 1 or 2")
    command.add_argument("--queue", type=at_least_1, default=32768, help="columns K (default: %(default)s)")
    command.add_argument("--steps", type=at_least_1, default=3, help="timed steps a turn (default: %(default)s)")
    command.add_argument("--rounds", type=at_least_1, default=3, help="turns of each variant (default: %(default)s)")
    command.add_argument("--only", nargs="+", metavar="VARIANT", help="published fp32 bf16 bf16-recompute ...")
    command.add_argument(
        "--processes", type=at_least_1, nargs="+", metavar="N",
        help="measure the step that so many processes of one thread share, and its messages, instead of the variants",
    )  # fmt: skip
    command.add_argument("--out", type=path, metavar="FILE", help="JSON of everything")
    add_machine(command)


def run(args: argparse.Namespace) -> int:
    """Measure, print the table and return the exit code."""
    from tqdm import tqdm

    from models.system.atomic import write_json
    from training.benchmark.bench import bench
    from training.benchmark.settings import Setting
    from training.benchmark.table import table
    from training.parallel.torchrun import join

    setting = Setting(
        batch=args.batch, people=args.people, queue=args.queue, steps=args.steps, rounds=args.rounds,
        threads=args.threads, device=join(args.device).device.type,
    )  # fmt: skip
    if args.processes:
        from training.benchmark.processes import share_steps, share_table

        result = share_steps(setting, args.processes, tqdm.write)
        print(share_table(result))
    else:
        result = bench(setting, args.only, tqdm.write)
        print(table(result))
    if args.out is not None:
        write_json(args.out, result)
    return 0
