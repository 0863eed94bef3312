"""Rows of everything that is measured of one model, beside those of training.judging.rows.

`to_dict` gives a row as its file holds it, `from_dict` reads it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from training.default.live_measured import LiveMeasures
from training.judging.rows import BaselineRow, Judged
from training.judging.stream_rows import FalseEvents, LowerBody, RateAccuracy, Unknown


@dataclass(frozen=True, slots=True)
class DataCounts:
    """Numbers of clips.

    Attributes:
        counts: domain -> part -> clips.
        sources: set -> recorded clips of it that train.
        actions: label -> clips that train, recorded and drawn.
        recorded: set -> clips in its file.
        people: file of people at webcams -> windows that train, and whose they are.
        pairs: clips seen by two sensors, which pre-train without labels.
        written: ways of doing an action that train undrawn; they are no recorded clips.
    """

    counts: dict[str, dict[str, int]]
    sources: dict[str, int]
    actions: dict[str, list[int]]
    recorded: dict[str, int]
    people: dict[str, list[int]] = field(default_factory=dict)
    pairs: int = 0
    written: int = 0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> DataCounts:
        return cls(**held)


@dataclass(frozen=True, slots=True)
class ModelCost:
    """Cost of running a model file.

    Attributes:
        parameters: of the student.
        bytes: of the file.
        latency_ms: median time of a window on one thread of the processor.
        processor: its name.
    """

    parameters: int
    bytes: int
    latency_ms: float
    processor: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> ModelCost:
        return cls(**held)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected calibration error in [0, 1] and log loss, before and after the temperature."""

    ece_before: float
    log_loss_before: float
    ece_after: float
    log_loss_after: float


@dataclass(frozen=True, slots=True)
class FusionRow:
    """Result of one way to weigh the branches: log loss at its own best temperature, and top-1 in %."""

    log_loss: float
    top1: float


@dataclass(frozen=True, slots=True)
class Rejection:
    """Result of one score that tells known from unknown: AUROC, and the unknown that pass at 95 % of the known."""

    score: str
    auroc: float
    fpr95: float


@dataclass(frozen=True, slots=True)
class DomainScores:
    """Quality of the scores on one part and domain.

    Attributes:
        clips: judged.
        calibration: of the fused score.
        fusion: by the name of the way to weigh the branches.
        rejection: a row a score.
    """

    clips: int
    calibration: Calibration
    fusion: dict[str, FusionRow]
    rejection: tuple[Rejection, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> DomainScores:
        return cls(
            clips=held["clips"],
            calibration=Calibration(**held["calibration"]),
            fusion={name: FusionRow(**row) for name, row in held["fusion"].items()},
            rejection=tuple(Rejection(**row) for row in held["rejection"]),
        )


@dataclass(frozen=True, slots=True)
class TrialResult:
    """Result of one training beside the shipped one.

    Attributes:
        arm: what all its seeds share (training.default.trials.Trial.arm).
        seed: of the training.
        labels: clips that trained.
        epochs: of the training.
        top1: measure -> top-1 in %.
    """

    arm: str
    seed: int
    labels: int
    epochs: int
    top1: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> TrialResult:
        return cls(**held)


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """Summary of all seeds of one arm: mean and standard deviation of the top-1 in %, by measure.

    The standard deviation is that of a sample (n - 1), None for one seed.
    """

    arm: str
    seeds: int
    labels: int
    epochs: int
    mean: dict[str, float]
    std: dict[str, float | None]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> ArmSummary:
        return cls(**held)


@dataclass(frozen=True, slots=True)
class Accuracies:
    """Accuracy of a model on the clips that choose (val) and on those that report (test)."""

    val: Judged
    test: Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMeasures:
    """Measures of one model, from which its card is written.

    Attributes:
        data: clips there are.
        cost: of the file.
        accuracy: on both parts.
        scores: "PART DOMAIN" -> quality of the scores there.
        unknown: part -> actions told from no action.
        idle: material of stillness -> false events in it.
        rates: accuracy by camera rate.
        lower_body: part -> arms with the lower body seen and unseen.
        baseline: the SVM's rows.
        trials: trainings beside this one; () where the recipe wants none.
        live: what users meet.
    """

    data: DataCounts
    cost: ModelCost
    accuracy: Accuracies
    scores: dict[str, DomainScores]
    unknown: dict[str, Unknown]
    idle: dict[str, FalseEvents]
    rates: RateAccuracy
    lower_body: dict[str, LowerBody]
    baseline: tuple[BaselineRow, ...]
    trials: tuple[ArmSummary, ...]
    live: LiveMeasures
