"""Commands of the research path: prepare, pretrain, distil, evaluate, compare, bench."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.data.pool import Pool


def add_command(
    commands: argparse._SubParsersAction,
    name: str,
    run: Callable[[argparse.Namespace], int | None],
    text: str,
    example: str,
) -> argparse.ArgumentParser:
    """A sub-command with its help and an example."""
    command = commands.add_parser(name, help=text, description=text, epilog=f"example: python -m training {example}")
    command.set_defaults(run=run)
    return command


def _threads(args: argparse.Namespace) -> None:
    import torch

    from models.system.memory import keep_freed_memory

    keep_freed_memory()
    torch.set_num_threads(args.threads)


def _pool(args: argparse.Namespace) -> Pool:
    from training.data.pool import Pool

    return Pool.open([f"{args.data}:{args.split}" if args.split else str(args.data), *args.also])


def _prepare(args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from training.data.prepare import prepare

    prepare(
        args.source, args.out, kind=args.kind, missing=args.missing, pose=args.pose, workers=args.workers,
        note=tqdm.write,
    )  # fmt: skip


def _pretrain(args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from training.config.options import from_args
    from training.config.schema import PretrainConfig
    from training.method.pretrain import pretrain

    _threads(args)
    config = from_args(PretrainConfig, args)
    pretrain(_pool(args), config, args.out, tqdm.write, args.stage1_from, args.device)


def _distil(args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from training.config.options import from_args
    from training.config.schema import DistilConfig
    from training.method.distil import distil

    _threads(args)
    config = from_args(DistilConfig, args)
    distil(_pool(args), args.teacher, config, args.out, tqdm.write, args.device)


def _evaluate(args: argparse.Namespace) -> None:
    from training.evaluation.options import run_evaluate

    _threads(args)
    run_evaluate(args)


def _compare(args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from training.comparison.compare import compare

    compare(args.config, args.out, tqdm.write, args.data, args.workers, args.dry_run, args.document)


def _bench(args: argparse.Namespace) -> None:
    from tqdm import tqdm

    from training.benchmark.bench import Setting, bench, table, write_json
    from training.parallel.torchrun import join

    setting = Setting(
        batch=args.batch, people=args.people, queue=args.queue, steps=args.steps, rounds=args.rounds,
        threads=args.threads, device=join(args.device).device.type,
    )  # fmt: skip
    result = bench(setting, args.only, tqdm.write)
    print(table(result))
    if args.out is not None:
        write_json(result, args.out)


def _add_run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, required=True, metavar="STORE", help="clip store of `prepare`")
    command.add_argument(
        "--split",
        help="train on this split's training clips (xview), or all but its test clips (xview+)",
    )
    command.add_argument(
        "--also",
        nargs="+",
        default=[],
        metavar="STORE[:SPLIT]",
        help="further stores, all their clips or a split's training clips, used without labels",
    )
    command.add_argument("--out", type=Path, required=True, metavar="RUN", help="the run's folder; it is taken up")
    add_machine(command)


def add_machine(command: argparse.ArgumentParser) -> None:
    """--device and --threads."""
    from models.system.cores import usable_cores

    command.add_argument("--device", help="cpu or cuda (default: cuda where there is one)")
    command.add_argument("--threads", type=int, default=usable_cores(), help="of the CPU (default: %(default)s)")


def add_research(commands: argparse._SubParsersAction) -> None:
    """The sub-commands of this module."""
    from training.config.options import add_options
    from training.config.schema import DistilConfig, PretrainConfig
    from training.evaluation.options import add_evaluate_options

    command = add_command(
        commands, "prepare", _prepare, "read recorded skeletons or videos into one clip store",
        "prepare nturgbd_skeletons/ --out stores/ntu60 --missing samples_with_missing_skeletons.txt",
    )  # fmt: skip
    command.add_argument("source", type=Path, help="a file or a folder, searched with its folders")
    command.add_argument("--out", type=Path, required=True, metavar="STORE", help="folder of the store; taken up")
    command.add_argument("--kind", help="ntu, pku, nw-ucla, clips or videos (default: told from the files)")
    command.add_argument("--missing", type=Path, metavar="LIST", help="NTU's list of samples with missing skeletons")
    command.add_argument("--pose", default="wheel", help="pose model for videos: wheel, lite, full or heavy")
    command.add_argument("--workers", type=int, default=2, help="processes that read (default: %(default)s)")

    command = add_command(
        commands, "pretrain", _pretrain, "pre-train the modalities' encoders without labels",
        "pretrain --preset compact --data stores/ucla --split xview --out runs/teacher --exchange ekem+ikem",
    )  # fmt: skip
    _add_run(command)
    command.add_argument(
        "--stage1-from",
        type=Path,
        metavar="RUN",
        help="begin where this run's stage 1 ended (modalities may be fewer)",
    )
    add_options(command, PretrainConfig)

    command = add_command(
        commands, "distil", _distil, "distil a pre-trained teacher into the joints / bones / motions student",
        "distil --preset compact --teacher runs/teacher --data stores/ucla --split xview --out runs/student",
    )  # fmt: skip
    command.add_argument("--teacher", type=Path, required=True, metavar="RUN", help="finished folder of `pretrain`")
    _add_run(command)
    add_options(command, DistilConfig)

    command = add_command(
        commands, "evaluate", _evaluate, "judge a pre-trained or distilled run, or a model trained with labels alone",
        "evaluate --run runs/student --data stores/ucla --split xview --protocol linear --out results/student.json",
    )  # fmt: skip
    add_evaluate_options(command)
    add_machine(command)

    command = add_command(
        commands, "compare", _compare, "run a grid of exchanges, modalities and distillations, and write one table",
        "compare training/configs/quick.yaml --out runs/quick --workers 2",
    )  # fmt: skip
    command.add_argument("config", type=Path, help="YAML file; training/configs holds examples")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="runs, results, table and pictures")
    command.add_argument("--data", type=Path, metavar="STORE", help="store instead of the file's")
    command.add_argument("--workers", type=int, default=1, help="processes at a time (default: %(default)s)")
    command.add_argument("--dry-run", action="store_true", help="only say what would run, and what it costs")
    command.add_argument("--document", type=Path, help="Markdown file in which the grid's table is replaced")

    command = add_command(
        commands, "bench", _bench, "clips a second and memory of a pre-training step, ours beside the published way",
        "bench --batch 32 --people 1",
    )  # fmt: skip
    command.add_argument("--batch", type=int, default=32, help="clips a step (default: %(default)s)")
    command.add_argument("--people", type=int, default=1, help="body slots a clip, 1 or 2")
    command.add_argument("--queue", type=int, default=32768, help="columns K (default: %(default)s)")
    command.add_argument("--steps", type=int, default=3, help="timed steps a turn")
    command.add_argument("--rounds", type=int, default=3, help="turns of each variant")
    command.add_argument("--only", nargs="+", metavar="VARIANT", help="published fp32 bf16 bf16-recompute ...")
    command.add_argument("--out", type=Path, metavar="FILE", help="JSON of everything")
    add_machine(command)
