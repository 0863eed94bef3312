"""`python -m training evaluate`: evaluation of a run, or of a model trained with labels alone, by a protocol."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from models.system.options import at_least_0, number, path, seed, share
from training.commands.options import add_machine, use_threads
from training.config.options import read_modalities

EXAMPLES = (
    "example: python -m training evaluate --run runs/student --data stores/ucla --split xview --protocol linear "
    "--out results/student.json"
)
_LEAST_0 = number(0)  # the protocols' configurations say more of what fits

# option -> (reader, meaning); each goes with the protocols whose configuration has it, and none has a default here.
_VALUES: dict[str, tuple[Any, str]] = {
    "epochs": (at_least_0, "passes over the training clips"),
    "batch": (at_least_0, "clips a step"),
    "lr": (_LEAST_0, "learning rate at its highest"),
    "momentum": (_LEAST_0, "of SGD"),
    "weight_decay": (_LEAST_0, "of SGD"),
    "schedule": (str, "step or cosine"),
    "drop_at": (at_least_0, "epochs after which the rate falls to a tenth (step), 50,70"),
    "warmup": (at_least_0, "epochs of linear growth at the start"),
    "precision": (str, "auto, fp32, tf32 or bf16"),
    "init_std": (_LEAST_0, "of the heads' initial weights (linear)"),
    "solver": (str, "sgd or ridge (linear)"),
    "penalty": (_LEAST_0, "of the squared weights, as a share of the features' variances (linear, ridge)"),
    "pooling": (str, "mean, places or blocks: what heads read of the encoders' maps (linear)"),
    "power": (_LEAST_0, "to which the features' magnitudes are raised (linear), 0.5"),
    "k": (at_least_0, "neighbours that vote (knn)"),
    "watch": (
        at_least_0,
        "epochs between looks at the test clips, for the best epoch beside the last (finetune, scratch)",
    ),
}
_SHAPE: dict[str, tuple[Any, str]] = {
    "channels": (at_least_0, "widths of the encoders' blocks (scratch), 16,32,64,128"),
    "strides": (at_least_0, "of the blocks, in time (scratch)"),
    "dropout": (_LEAST_0, "in all blocks but the first (scratch)"),
}
_MANY = ("drop_at", "channels", "strides")


def _list(kind: Any) -> Any:
    """Return a function that reads "1,2" as (1, 2)."""

    def read(text: str) -> tuple[Any, ...]:
        return tuple(kind(word) for word in text.replace(" ", "").split(",") if word)

    read.__name__ = f"{getattr(kind, '__name__', 'value')} list"
    return read


def _subset(word: str) -> tuple[str, ...]:
    return read_modalities(word.replace("+", ","))


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    command.add_argument("--data", type=path, required=True, metavar="STORE", help="labelled clip store of `prepare`")
    command.add_argument("--split", required=True, help="its training clips train, its test clips judge")
    command.add_argument("--protocol", default="linear", help="linear, knn, semi, finetune or scratch")
    command.add_argument("--run", dest="run_folder", type=path, help="finished pretrain or distil; not with scratch")
    command.add_argument("--out", type=path, metavar="FILE", help="JSON file; a picture of the confusions beside it")
    command.add_argument(
        "--modalities", type=read_modalities, metavar="j,m,b", help="branches (default: all of the run's)"
    )
    command.add_argument(
        "--subsets", type=_list(_subset), nargs="+", default=[], metavar="jmb",
        help="sets to judge fused, beside each modality alone and all together: jmb jmba, or joint+bone",
    )  # fmt: skip
    command.add_argument("--seeds", "--seed", type=_list(seed), nargs="+", metavar="N", help="of everything random")
    command.add_argument(
        "--fractions", "--fraction", type=_list(share("a share")), nargs="+", metavar="X",
        help="shares of the training labels (semi; default: 0.01 0.05 0.1 0.2)",
    )  # fmt: skip
    command.add_argument(
        "--frozen", action=argparse.BooleanOptionalAction, default=False, help="keep the encoders still (semi)"
    )
    command.add_argument(
        "--any-split", action="store_true", help="judge a run that may have seen the test clips without their labels"
    )
    command.add_argument(
        "--preset",
        help="ikem, cmd, mamp or ridge for linear heads; paper or compact for training encoders (default: as fits "
        "the run)",
    )
    command.add_argument("--config", type=path, metavar="FILE", help="YAML file with `key: value` lines")
    group = command.add_argument_group("configuration", "every value of the preset can be changed")
    for name, (kind, text) in (_VALUES | _SHAPE).items():
        kind = _list(kind) if name in _MANY else kind
        group.add_argument(f"--{name.replace('_', '-')}", type=kind, default=argparse.SUPPRESS, metavar="X", help=text)
    group.add_argument(
        "--standardise", action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS,
        help="features pass a batch-norm without parameters first (linear)",
    )  # fmt: skip
    group.add_argument(
        "--mirror", action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS,
        help="training clips train the heads once more with left and right exchanged (linear)",
    )  # fmt: skip
    group.add_argument(
        "--drop-last", action=argparse.BooleanOptionalAction, default=argparse.SUPPRESS,
        help="leave out an epoch's last, smaller batch, as published (linear; default: it trains too)",
    )  # fmt: skip
    add_machine(command)


def given(args: argparse.Namespace) -> dict[str, Any]:
    """Return the values of --config, overridden by those of the command line."""
    from training.config.sources import read_yaml
    from training.evaluation.protocols import merge

    values = {
        name: getattr(args, name) for name in (*_VALUES, "standardise", "mirror", "drop_last") if hasattr(args, name)
    }
    shape = {name: getattr(args, name) for name in _SHAPE if hasattr(args, name)}
    return merge(read_yaml(args.config) if args.config else {}, values | ({"shape": shape} if shape else {}))


def run(args: argparse.Namespace) -> int:
    """Evaluate, print the table and return the exit code."""
    from training.data.store import Store
    from training.evaluation.evaluate import describe, evaluate
    from training.evaluation.protocols import make_config, preset_of
    from training.parallel.torchrun import join
    from training.runs.run_folder import read_config

    use_threads(args.threads)
    trained_by = "" if args.run_folder is None else preset_of(read_config(args.run_folder))
    config = make_config(args.protocol, args.frozen, args.preset, given(args), trained_by)
    if trained_by and not args.preset:
        values = ", ".join(f"{name} {value}" for name, value in asdict(config).items())
        print(f"The run was trained as by the preset {trained_by}, so it is judged by {values}.")
    result = evaluate(
        Store(args.data), args.split, config, args.run_folder, args.protocol, args.modalities,
        [subset for word in args.subsets for subset in word],
        None if args.seeds is None else [seed for word in args.seeds for seed in word],
        None if args.fractions is None else [x for word in args.fractions for x in word],
        join(args.device).device, args.out, args.any_split,
    )  # fmt: skip
    print(describe(result))
    return 0
