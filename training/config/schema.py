"""Configurations of pre-training and distillation: dataclasses, presets, YAML files and command-line options."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from models.modality_names import MODALITIES, check_modalities
from models.shape import Shape
from training.data.views import Hiding, Views

LETTERS = {"j": "joint", "m": "motion", "b": "bone", "a": "acceleration", "r": "rotation", "o": "angular"}
# exchange -> weights of the losses in stage 2. IKEM alone keeps InfoNCE, without which nothing trains the heads; EKEM
# has it inside.
EXCHANGES: dict[str, dict[str, float]] = {
    "none": {"info_nce": 1.0},
    "ekem": {"ekem": 1.0},
    "ikem": {"info_nce": 1.0, "ikem": 1.0},
    "ekem+ikem": {"ekem": 1.0, "ikem": 1.0},
    "cmd": {"info_nce": 1.0, "cmd": 1.0},
}
BESIDE = ("predict", "soft")  # losses that may stand beside the others in both stages
METHODS = ("rckd", "kl", "cmd", "feature")
SCHEDULES = ("step", "cosine")
# auto becomes bf16 or fp32, by what the processor can do (training.runs.precision), before a run is written down.
PRECISIONS = ("auto", "fp32", "tf32", "bf16")
C = TypeVar("C", bound="Schedule")


def parse_modalities(text: str) -> tuple[str, ...]:
    """Parse modalities from letters or names ("j,m,b", "jmb" or "joint,motion,bone").

    Raises:
        ValueError: an unknown letter or name, or one twice.
    """
    words = text.replace(" ", "").split(",")
    if len(words) == 1 and words[0] not in MODALITIES:
        words = list(words[0])
    return check_modalities([LETTERS.get(word, word) for word in words])


class HasRate(Protocol):
    """Configuration whose learning rate follows a schedule. `Schedule` describes the fields."""

    @property
    def epochs(self) -> int: ...
    @property
    def lr(self) -> float: ...
    @property
    def schedule(self) -> str: ...
    @property
    def drop_at(self) -> tuple[int, ...]: ...
    @property
    def warmup(self) -> int: ...


def learning_rate(config: HasRate, epoch: float) -> float:
    """Return the learning rate at a (fractional) epoch."""
    if epoch < config.warmup:
        return config.lr * (epoch + 1e-3) / config.warmup
    if config.schedule == "cosine":
        return config.lr * 0.5 * (1 + math.cos(math.pi * min(epoch / config.epochs, 1.0)))
    return config.lr * 0.1 ** sum(int(epoch) >= drop for drop in config.drop_at)


def one_of(value: Any, choices: Iterable[str]) -> tuple[bool, str]:
    """Return a rule for `require`: the value is one of the choices."""
    return value in tuple(choices), f"one of {', '.join(choices)}"


def require(config: Any, rules: Mapping[str, tuple[bool, str]]) -> None:
    """Raise a ValueError for the first field whose rule is broken.

    A rule is a pair: whether it holds, and what the field may be.
    """
    for name, (holds, allowed) in rules.items():
        if not holds:
            raise ValueError(f"{name} must be {allowed}; got {getattr(config, name)!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """Settings that pre-training and distillation have in common.

    Attributes:
        epochs: passes over the training clips.
        batch: clips a step, over all processes.
        optimizer: sgd or adamw.
        lr: learning rate at its highest.
        momentum: of SGD.
        weight_decay: of the optimizer.
        schedule: step (times 0.1 after each epoch of drop_at) or cosine (to zero).
        drop_at: epochs after which the step schedule divides the rate by ten.
        warmup: epochs of linear growth at the start.
        keep: momentum m of the key branches.
        queue: columns K; the compact preset takes half the clips where that is less.
        temperature: T.
        mask_own: leave out the queue's columns of a sample's own clip.
        cmd_topk: neighbours that CMD compares, at most half the queue in the compact preset.
        shape: of the encoders.
        views: augmentation.
        precision: fp32, tf32 (fp32 whose products a GPU rounds to 10 bits), bf16 (autocast of the encoders), or auto:
            bf16 where the processor is quicker with it.
        recompute: keep no activations, run each branch again in the backward pass.
        compile: torch.compile the encoders.
        save_every: epochs between checkpoints.
        seed: of everything random.
    """

    epochs: int = 300
    batch: int = 128
    optimizer: str = "sgd"
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    schedule: str = "step"
    drop_at: tuple[int, ...] = (250,)
    warmup: int = 0
    keep: float = 0.999
    queue: int = 32768
    temperature: float = 0.07
    mask_own: bool = False
    cmd_topk: int = 8192
    shape: Shape = field(default_factory=Shape)
    views: Views = field(default_factory=Views)
    precision: str = "fp32"
    recompute: bool = False
    compile: bool = False
    save_every: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "drop_at", tuple(self.drop_at))
        for name, kind in (("shape", Shape), ("views", Views)):
            if isinstance(getattr(self, name), Mapping):
                object.__setattr__(self, name, kind(**getattr(self, name)))
        require(self, {
            **{name: (getattr(self, name) >= 1, "at least 1") for name in ("epochs", "batch", "queue", "cmd_topk")},
            **{name: (getattr(self, name) > 0, "positive") for name in ("lr", "temperature")},
            "optimizer": one_of(self.optimizer, ("sgd", "adamw")), "schedule": one_of(self.schedule, SCHEDULES),
            "keep": (0 <= self.keep <= 1, "in [0, 1]"), "precision": one_of(self.precision, PRECISIONS),
            "save_every": (self.save_every >= 1, "at least 1"),
            "warmup": (0 <= self.warmup < self.epochs, f"from 0 to below the {self.epochs} epochs"),
        })  # fmt: skip

    def rate(self, epoch: float) -> float:
        """Return the learning rate at a (fractional) epoch."""
        return learning_rate(self, epoch)


@dataclass(frozen=True, kw_only=True, slots=True)
class PretrainConfig(Schedule):
    """Contrastive pre-training in two stages (arXiv 2309.12009, sections 3 and 4.1).

    Attributes:
        modalities: branches, in order, by name or letter: j joint, m motion, b bone, a acceleration, r rotation,
            o angular.
        exchange: none, ekem, ikem (with InfoNCE), ekem+ikem or cmd (with InfoNCE), in stage 2.
        stage1: epochs of InfoNCE alone.
        weights: weight of each loss in stage 2 (info_nce, ekem, ikem, cmd); empty takes the exchange's own.
        topk: neighbours that EKEM mines.
        context_gradient: whether EKEM's context carries gradient, as published.
        freeze_keys: modalities whose key branch stands still in stage 2 while ekem or ikem exchange something.
        pair: chance that the second view of a clip that another sensor saw too is made of what that sensor saw;
            nothing changes where no clip has such a counterpart.
        hide: what of a query's clip is hidden (training.data.hiding).
        beside: weights of further losses in both stages: predict (masked prediction of the key encoders' features; it
            needs hide.share), soft (the neighbours of a clip's key, as soft targets of its query).
        mix: chance that a query's clip gets body parts of another clip in stage 1 (training.method.mixing).
        product: query or key: which branches are the run's result. Keys see whole clips alone.
    """

    modalities: tuple[str, ...] = MODALITIES
    exchange: str = "ekem+ikem"
    stage1: int = 150
    weights: dict[str, float] = field(default_factory=dict)
    topk: int = 1
    context_gradient: bool = True
    freeze_keys: tuple[str, ...] = ("joint", "bone", "rotation")
    pair: float = 0.5
    hide: Hiding = field(default_factory=Hiding)
    beside: dict[str, float] = field(default_factory=dict)
    mix: float = 0.0
    product: str = "query"

    def __post_init__(self) -> None:
        Schedule.__post_init__(self)
        object.__setattr__(self, "modalities", check_modalities(self.modalities))
        object.__setattr__(self, "freeze_keys", tuple(self.freeze_keys))
        if isinstance(self.hide, Mapping):
            object.__setattr__(self, "hide", Hiding(**self.hide))
        losses = ("info_nce", "ekem", "ikem", "cmd")
        require(self, {
            "exchange": one_of(self.exchange, EXCHANGES), "topk": (self.topk >= 1, "at least 1"),
            "pair": (0 <= self.pair <= 1, "in [0, 1]"),
            "stage1": (0 <= self.stage1 <= self.epochs, f"from 0 to the {self.epochs} epochs"),
            "freeze_keys": (set(self.freeze_keys) <= set(MODALITIES), f"some of {', '.join(MODALITIES)}"),
            "weights": (set(self.weights) <= set(losses), f"of some of {', '.join(losses)}"),
            "hide": (0 <= self.hide.share < 1 and self.hide.stretches >= 1, "a share in [0, 1) of 1 stretch or more"),
            "beside": (set(self.beside) <= set(BESIDE), f"of some of {', '.join(BESIDE)}"),
            "mix": (0 <= self.mix <= 1, "in [0, 1]"), "product": one_of(self.product, ("query", "key")),
        })  # fmt: skip
        if self.beside.get("predict") and not self.hide.share:
            raise ValueError("beside: predict needs something hidden; give hide.share, 0.6 say")
        if self.weights and (min(self.weights.values()) < 0 or not any(self.weights.values())):
            raise ValueError(f"weights must not be negative, nor all 0, with which nothing trains; got {self.weights}")
        if len(self.modalities) < 2 and {"ekem", "cmd"} & set(EXCHANGES[self.exchange]):
            raise ValueError(
                f"exchange {self.exchange} needs two modalities at least; with one, take the exchange none"
            )

    @property
    def loss_weights(self) -> dict[str, float]:
        """Weight of each loss in stage 2, by name."""
        return self.weights or EXCHANGES[self.exchange]

    def frozen_keys(self, epoch: int) -> tuple[str, ...]:
        """Return the modalities whose key branch stands still in an epoch, counted from 0.

        The published code freezes keys where modalities exchange knowledge by EKEM and IKEM. Without an exchange, a
        key that stands still would only be a stale target.
        """
        exchanging = any(self.loss_weights.get(name, 0) > 0 for name in ("ekem", "ikem"))
        return self.freeze_keys if epoch >= self.stage1 and exchanging else ()


@dataclass(frozen=True, kw_only=True, slots=True)
class DistilConfig(Schedule):
    """Distillation of the frozen teacher into the joints / bones / motions student (arXiv 2309.12009, section 3.4).

    Attributes:
        method: rckd, kl, cmd or feature.
        modalities: of the student.
        start: begin from the teacher's encoders of the same modalities, or "random" as published.
    """

    epochs: int = 150
    drop_at: tuple[int, ...] = (125,)
    method: str = "rckd"
    modalities: tuple[str, ...] = ("joint", "bone", "motion")
    start: str = "random"

    def __post_init__(self) -> None:
        Schedule.__post_init__(self)
        object.__setattr__(self, "modalities", check_modalities(self.modalities))
        require(self, {"method": one_of(self.method, METHODS), "start": one_of(self.start, ("random", "teacher"))})
