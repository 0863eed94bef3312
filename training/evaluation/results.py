"""Results file of an evaluation: its settings, the data and the run, the accuracy, and the cost.

Shape suffixes: N test clips, C classes, S seeds.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.system.atomic import write_text, write_whole
from models.system.tables import table
from training.evaluation.confusion import draw
from training.evaluation.cost import Cost
from training.evaluation.linear import Predictions

FORMAT = "ikem-evaluation/1"
BEST = "best_epoch_on_test (not the result)"


def mean_std(values: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean, and the standard deviation of a sample (n - 1).

    The standard deviation is None for fewer than two values.
    """
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubsetResult:
    """Result of one set of modalities over its seeds, after the last epoch.

    Attributes:
        modalities: whose mean logit answered.
        accuracy: mean over the seeds, in %.
        std: standard deviation of a sample over the seeds; None of one.
        seeds: seed -> accuracy in %.
        per_class: class -> mean over the seeds of the share of its clips that are right, in %.
        best: of each seed that was watched, the highest accuracy on the test clips and its epoch: not the result.
        fraction: share of the training labels; None for all.
        labels: clips that gave their labels, where that is a share.
        cost: of the model; None before it was measured.
    """

    modalities: tuple[str, ...]
    accuracy: float
    std: float | None
    seeds: dict[int, float]
    per_class: dict[str, float]
    best: dict[int, tuple[float, int | None]]
    fraction: float | None = None
    labels: int | None = None
    cost: Cost | None = None

    @property
    def mean_per_class(self) -> float:
        """Mean over the classes that test clips show, in %."""
        return statistics.fmean(self.per_class.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the row of the results file."""
        share = {} if self.fraction is None else {"fraction": self.fraction, "labels": self.labels}
        best = {seed: {"accuracy": accuracy, "epoch": epoch} for seed, (accuracy, epoch) in self.best.items()}
        return {
            **share, "modalities": list(self.modalities), "accuracy": self.accuracy, "std": self.std,
            "seeds": self.seeds, "per_class": self.per_class, "mean_per_class": self.mean_per_class,
            **({BEST: best} if best else {}), **({} if self.cost is None else asdict(self.cost)),
        }  # fmt: skip


def result_of(
    modalities: Sequence[str], answers: Mapping[int, Predictions], truth_N: np.ndarray, labels: Sequence[str]
) -> SubsetResult:
    """Compute the result of one set of modalities.

    Args:
        modalities: whose mean logit answered.
        answers: by seed.
        truth_N: class numbers of the test clips.
        labels: names of the classes.
    """
    values = {seed: 100 * float((answer.predicted_N == truth_N).mean()) for seed, answer in answers.items()}
    mean, std = mean_std(list(values.values()))
    right_SN = np.stack([answer.predicted_N == truth_N for answer in answers.values()])
    return SubsetResult(
        modalities=tuple(modalities),
        accuracy=mean,
        std=std,
        seeds=values,
        per_class={labels[c]: 100 * float(right_SN[:, truth_N == c].mean()) for c in np.unique(truth_N)},
        best={seed: (a.best, a.best_epoch) for seed, a in answers.items() if a.best is not None},
    )


def headline(rows: Sequence[SubsetResult]) -> dict[str, Any]:
    """Return what stands first in the file: the last row.

    It is that of all modalities fused, and of the largest share of the labels.
    """
    last = rows[-1].to_dict()
    keys = ("accuracy", "std", "modalities", "parameters", "flops", "latency_ms", "fraction")
    return {key: last[key] for key in keys if key in last}


def confusion(answers: Mapping[int, Predictions], truth_N: np.ndarray, classes: int) -> np.ndarray:
    """Count the answers over all seeds, (C, C): rows the truth, columns the answer."""
    counts_CC = np.zeros((classes, classes), np.int64)
    for answer in answers.values():
        np.add.at(counts_CC, (truth_N, answer.predicted_N), 1)
    return counts_CC


def confusion_picture(counts_CC: np.ndarray, labels: Sequence[str], title: str, path: Path) -> None:
    """Draw a confusion matrix into a PNG file, whole or not at all.

    Classes that no test clip shows have no row.
    """
    rows = np.flatnonzero(counts_CC.sum(1))
    columns = np.flatnonzero(counts_CC.sum(0) + counts_CC.sum(1))
    shown = counts_CC[np.ix_(rows, columns)]
    names = [label.replace("_", " ") for label in labels]
    write_whole(path, lambda part: draw(shown, [names[c] for c in rows], [names[c] for c in columns], title, part))


def write_result(path: Path, result: Mapping[str, Any]) -> None:
    """Write the JSON file, whole or not at all."""
    text = json.dumps({"format": FORMAT} | dict(result), indent=1, allow_nan=False) + "\n"
    write_text(path, text)


def markdown(rows: Sequence[Mapping[str, object]]) -> str:
    """Format the rows as a Markdown table."""
    names = list(rows[0])
    return table(names, ([row[name] for name in names] for row in rows))
