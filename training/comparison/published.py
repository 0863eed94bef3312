"""Numbers and settings of the paper (arXiv 2309.12009), and what of our runs differs from them."""

from __future__ import annotations

from typing import Any

from training.comparison.grid import DISTIL, PRETRAIN, flat
from training.comparison.plan import EVALUATE, LATER_VALUES, plain
from training.comparison.state import ComparisonState
from training.config.schema import DistilConfig, PretrainConfig
from training.config.sources import from_sources
from training.data.readers.ntu_lists import PUBLISHED_60, PUBLISHED_120
from training.evaluation.linear import LinearConfig

# Linear evaluation, in %. The paper's best numbers; that they are of the student or of its teacher is not known here.
HEADLINE = {("NTU RGB+D 60", "xsub"): 80.7, ("NTU RGB+D 60", "xview"): 86.0}
CLIPS = {"NTU RGB+D 60": PUBLISHED_60, "NTU RGB+D 120": PUBLISHED_120}  # set -> split -> clips that train and test
_OF_NO_INTEREST = (
    "seed",
    "save_every",
    "precision",
    "compile",
    "recompute",
    "pair",
    "exchange",
    "modalities",
    "method",
)
ALWAYS = (
    "Protocol: the last epoch counts here; the published code also prints the best one on the test clips.",
    "Code: faults of the published code are not repeated, such as a teacher in training mode, an angular velocity that "
    "is compared with the bones' queue, and frame counts that include empty frames.",
)


def budget(state: ComparisonState) -> list[str]:
    """Say of each kind of task of a comparison which values differ from the published ones."""
    said = {}
    for task in state.plan.tasks.values():
        if task.kind == EVALUATE:
            name, ours = "Linear heads", LATER_VALUES | task.config["values"]
            published = plain(LinearConfig(drop_last=True))
            if task.config["protocol"] != "linear":
                continue
        else:
            kind = {PRETRAIN: PretrainConfig, DISTIL: DistilConfig}[task.kind]
            name = {PRETRAIN: "Pre-training", DISTIL: "Distillation"}[task.kind]
            published, ours = flat(plain(from_sources(kind, "paper"))), flat(task.config)
        said[name] = f"{name}: {', '.join(_differing(published, ours)) or 'as published'}."
    return list(said.values())


def _differing(published: dict[str, Any], ours: dict[str, Any]) -> list[str]:
    return [
        f"{key} {_short(ours.get(key))} (published {_short(value)})"
        for key, value in published.items()
        if key not in _OF_NO_INTEREST and ours.get(key) != value
    ]


def _short(value: Any) -> str:
    if isinstance(value, list):
        return "-".join(map(str, value)) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
