"""Configurations of pre-training and distillation: dataclasses, presets, YAML files and command-line options."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import math
import re
import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from models.branches import Shape
from models.modalities import MODALITIES, check_modalities
from training.data.augmentation import Views

LETTERS = {"j": "joint", "m": "motion", "b": "bone", "a": "acceleration", "r": "rotation", "o": "angular"}
# exchange -> weights of the losses in stage 2. IKEM alone keeps InfoNCE, without which nothing trains the heads.
EXCHANGES: dict[str, dict[str, float]] = {
    "none": {"info_nce": 1.0},
    "ekem": {"ekem": 1.0},
    "ikem": {"info_nce": 1.0, "ikem": 1.0},
    "ekem+ikem": {"ekem": 1.0, "ikem": 1.0},
    "cmd": {"info_nce": 1.0, "cmd": 1.0},
}
METHODS = ("rckd", "kl", "cmd", "feature")
SCHEDULES = ("step", "cosine")
PRECISIONS = ("fp32", "bf16")
C = TypeVar("C", bound="Schedule")


def parse_modalities(text: str) -> tuple[str, ...]:
    """Modalities from letters or names: "j,m,b", "jmb" or "joint,motion,bone".

    Raises:
        ValueError: an unknown letter or name, or one twice.
    """
    words = text.replace(" ", "").split(",")
    if len(words) == 1 and words[0] not in MODALITIES:
        words = list(words[0])
    return check_modalities([LETTERS.get(word, word) for word in words])


def one_of(value: Any, choices: Iterable[str]) -> tuple[bool, str]:
    """A rule for `require`: the value is one of the choices."""
    return value in tuple(choices), f"one of {', '.join(choices)}"


def require(config: Any, rules: Mapping[str, tuple[bool, str]]) -> None:
    """Raise a ValueError for the first field whose rule (whether it holds, what it may be) is broken."""
    for name, (holds, allowed) in rules.items():
        if not holds:
            raise ValueError(f"{name} must be {allowed}; got {getattr(config, name)!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """What pre-training and distillation have in common.

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
        precision: fp32 or bf16 (autocast of the encoders).
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
        """Learning rate at a (fractional) epoch."""
        if epoch < self.warmup:
            return self.lr * (epoch + 1e-3) / self.warmup
        if self.schedule == "cosine":
            return self.lr * 0.5 * (1 + math.cos(math.pi * min(epoch / self.epochs, 1.0)))
        return self.lr * 0.1 ** sum(int(epoch) >= drop for drop in self.drop_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class PretrainConfig(Schedule):
    """Contrastive pre-training in two stages (arXiv 2309.12009, sections 3 and 4.1).

    Attributes:
        modalities: branches, in order, by name or letter: j joint, m motion, b bone, a acceleration, r rotation,
            o angular.
        exchange: none, ekem, ikem, ekem+ikem or cmd, in stage 2.
        stage1: epochs of InfoNCE alone.
        weights: weight of each loss in stage 2 (info_nce, ekem, ikem, cmd); empty takes the exchange's own.
        topk: neighbours that EKEM mines.
        context_gradient: whether EKEM's context carries gradient, as published.
        freeze_keys: modalities whose key branch stands still in stage 2.
    """

    modalities: tuple[str, ...] = MODALITIES
    exchange: str = "ekem+ikem"
    stage1: int = 150
    weights: dict[str, float] = field(default_factory=dict)
    topk: int = 1
    context_gradient: bool = True
    freeze_keys: tuple[str, ...] = ("joint", "bone", "rotation")

    def __post_init__(self) -> None:
        Schedule.__post_init__(self)
        object.__setattr__(self, "modalities", check_modalities(self.modalities))
        object.__setattr__(self, "freeze_keys", tuple(self.freeze_keys))
        losses = ("info_nce", "ekem", "ikem", "cmd")
        require(self, {
            "exchange": one_of(self.exchange, EXCHANGES), "topk": (self.topk >= 1, "at least 1"),
            "stage1": (0 <= self.stage1 <= self.epochs, f"from 0 to the {self.epochs} epochs"),
            "freeze_keys": (set(self.freeze_keys) <= set(MODALITIES), f"some of {', '.join(MODALITIES)}"),
            "weights": (set(self.weights) <= set(losses), f"of some of {', '.join(losses)}"),
        })  # fmt: skip
        if len(self.modalities) < 2 and {"ekem", "cmd"} & set(EXCHANGES[self.exchange]):
            raise ValueError(f"exchange {self.exchange} needs two modalities at least; one has none to exchange with")

    @property
    def loss_weights(self) -> dict[str, float]:
        """Loss name -> weight in stage 2."""
        return self.weights or EXCHANGES[self.exchange]


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


_COMPACT: dict[str, Any] = {
    "batch": 64, "optimizer": "adamw", "lr": 0.002, "weight_decay": 0.05, "schedule": "cosine", "warmup": 1,
    "queue": 512, "mask_own": True, "keep": 0.99, "precision": "bf16", "cmd_topk": 256,
    "shape": {"channels": (16, 32, 64, 128), "strides": (2, 2, 2, 1), "dropout": 0.1},
    "views": {"turn": 0.5, "tilt": 0.1, "speed": 1.25, "noise": 0.01, "lose": 0.2},
}  # fmt: skip
# As published, the mean over people counts the empty second slot.
_PAPER: dict[str, Any] = {"shape": {"mask_people": False}}
PRESETS: dict[str, dict[type, dict[str, Any]]] = {
    "paper": {PretrainConfig: _PAPER, DistilConfig: _PAPER},
    "compact": {
        PretrainConfig: _COMPACT | {"epochs": 200, "stage1": 100, "freeze_keys": ()},
        DistilConfig: _COMPACT | {"epochs": 100},
    },
}


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    out = dict(base)
    for key, value in over.items():
        head, _, tail = key.partition(".")
        if tail or (isinstance(value, Mapping) and head != "weights"):
            inner = out.get(head, {})
            inner = dataclasses.asdict(inner) if dataclasses.is_dataclass(inner) else inner
            out[head] = _merge(inner, {tail: value} if tail else value)
        else:
            out[head] = value
    return out


def fit_epochs(values: dict[str, Any], base: Mapping[str, Any], over: Iterable[str]) -> dict[str, Any]:
    """Values whose stages follow the epochs where those alone were changed: a shorter run keeps its proportions.

    Args:
        values: with the changes.
        base: without them; defaults included.
        over: which were changed.
    """
    told = set(over)
    if "epochs" not in told or not isinstance(values["epochs"], int) or values["epochs"] < 1:
        return values
    out, share = dict(values), values["epochs"] / base["epochs"]
    if "stage1" in base and "stage1" not in told:
        out["stage1"] = round(base["stage1"] * share)
    if "warmup" in base and "warmup" not in told:
        out["warmup"] = min(base["warmup"], values["epochs"] - 1)
    if out.get("schedule", base.get("schedule")) == "step" and "drop_at" in base and "drop_at" not in told:
        out["drop_at"] = tuple(max(1, round(drop * share)) for drop in base["drop_at"])
    return out


def defaults_of(kind: type) -> dict[str, Any]:
    """Field name -> default, of the fields that have a plain one."""
    return {entry.name: entry.default for entry in fields(kind) if entry.default is not dataclasses.MISSING}


def from_sources(
    kind: type[C], preset: str = "paper", yaml_path: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> C:
    """A configuration: preset, then the YAML file, then the overrides; dotted keys reach inside ("shape.dropout").

    Where the epochs are changed and the stages are not, the stages change in proportion (`fit_epochs`).

    Raises:
        ValueError: unknown preset, key or value; the message names it.
    """
    if preset not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}; got {preset!r}")
    base = dict(PRESETS[preset][kind])
    over = _merge(read_yaml(yaml_path) if yaml_path is not None else {}, overrides or {})
    values = fit_epochs(_merge(base, over), defaults_of(kind) | base, over)
    if isinstance(values.get("modalities"), str):
        values["modalities"] = parse_modalities(values["modalities"])
    try:
        return kind(**values)
    except TypeError as error:
        known = ", ".join(entry.name for entry in fields(kind))
        raise ValueError(
            f"{error}; the keys are {known}, and those of shape and views as shape.KEY, views.KEY"
        ) from None


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file that holds a mapping.

    Raises:
        ValueError: it is missing, no YAML, or no mapping.
    """
    import yaml

    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise ValueError(f"{path} must hold `key: value` lines")
    return values


def _parse_weights(text: str) -> dict[str, float]:
    """ "ekem=1,ikem=0.5" as a dictionary."""
    pairs = (word.split("=") for word in text.replace(" ", "").split(","))
    return {name: float(value) for name, value in pairs}


def _described(kind: type) -> dict[str, str]:
    """Field -> its words in the docstrings of the class and its bases."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        _, _, text = (base.__doc__ or "").partition("Attributes:")
        for name, words in re.findall(r"^ {8}(\w+): (.+(?:\n {9,}.+)*)", text, re.MULTILINE):
            found[name] = " ".join(words.split()).replace("%", "%%")
    return found


def _reader(kind: Any) -> Any:
    """What turns an option's text into a field's value."""
    origin = typing.get_origin(kind)
    if origin is tuple:
        inner = _reader(typing.get_args(kind)[0])
        return lambda text: tuple(inner(word) for word in text.replace(" ", "").split(",") if word)
    if origin is dict:
        return _parse_weights
    if origin in (typing.Union, types.UnionType):
        return _reader(next(a for a in typing.get_args(kind) if a is not type(None)))
    return kind


def _options(kind: type, prefix: str = "") -> list[tuple[str, Any, str]]:
    """Dotted name, type and help of every field, those of fields that are dataclasses too."""
    hints, words, out = typing.get_type_hints(kind), _described(kind), []
    for entry in fields(kind):
        if dataclasses.is_dataclass(hints[entry.name]):
            out += _options(hints[entry.name], f"{entry.name}.")
        else:
            out.append((prefix + entry.name, hints[entry.name], words.get(entry.name, "")))
    return out


def add_options(parser: argparse.ArgumentParser, kind: type) -> None:
    """An option for every field of a configuration (--lr, --shape.dropout ...), plus --preset and --config."""
    group = parser.add_argument_group("configuration", "every value of the preset can be changed")
    group.add_argument("--preset", choices=tuple(PRESETS), default="paper", help="(default: %(default)s)")
    group.add_argument("--config", type=Path, metavar="FILE", help="YAML file with `key: value` lines")
    presets = {name: from_sources(kind, name) for name in PRESETS}
    for name, hint, text in _options(kind):
        text = f"{text.rstrip('.')} ({_values(name, presets)})".replace("%", "%%")
        option, how = "--" + name.replace("_", "-"), {"default": argparse.SUPPRESS, "dest": name, "help": text}
        if name == "modalities":
            group.add_argument(option, type=_modalities, metavar="j,m,b,a,r,o", **how)
        elif hint is bool:
            group.add_argument(option, action=argparse.BooleanOptionalAction, **how)
        else:
            group.add_argument(option, type=_reader(hint), metavar=name.rsplit(".")[-1].upper(), **how)


def _values(name: str, presets: Mapping[str, Any]) -> str:
    """What each preset says of a field: "300; compact: 200", once where they agree."""
    said = {preset: _shown(functools.reduce(getattr, name.split("."), config)) for preset, config in presets.items()}
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{preset}: {value}" for preset, value in said.items())


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (tuple, dict)):
        return ",".join(map(str, value)) or "none"
    return str(value)


def _modalities(text: str) -> tuple[str, ...]:
    try:
        return parse_modalities(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def from_args(kind: type[C], args: argparse.Namespace) -> C:
    """The configuration that `add_options` read."""
    names = {name for name, _, _ in _options(kind)}
    return from_sources(kind, args.preset, args.config, {k: v for k, v in vars(args).items() if k in names})
