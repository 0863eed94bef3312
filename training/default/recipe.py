"""Recipe of the default model, as a YAML file says it (training/recipes/default.yaml)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from models.labels import DISPLAY, SILENT
from training.config.schema import DistilConfig, PretrainConfig
from training.config.sources import from_sources, read_yaml
from training.data.materials import Materials
from training.default.trials import STARTS
from training.supervised.augmentation import Augmentation
from training.supervised.recipe import Recipe
from training.supervised.stream_measures import Targets

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
_KEYS = (
    "version", "hop_s", "draw", "pretrain", "distil", "train", "false_alarms", "seeds", "trials", "judge", "sets",
    "terms",
)  # fmt: skip
KINDS = ("recorded", "ways")  # of drawings
_OPTIONAL = ("without", "written", "gate", "false_events", "by_label")


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """Folder of drawn clips (training.drawing.jobs).

    Attributes:
        kind: "recorded" clips and written motions (jobs), or written "ways" of doing an action (way_jobs), which train.
        limit: clips; None for all that the other numbers allow.
        seed: of choice, order, cameras, looks and films.
        film: whether pictures suffer as in a real room.
        other: most training clips of no action.
        per_action: most training clips of an action.
        held_out: most clips of an action that choose, and that report.
        motions: how often each written motion is drawn.
        near: whether the cameras stand on a desk. Those of ways always do, and half of such pictures have a film.

    Raises:
        ValueError: a kind that is not known.
    """

    kind: str = "recorded"
    limit: int | None = None
    seed: int = 0
    film: bool = False
    other: int = 0
    per_action: int = 90
    held_out: int = 14
    motions: int = 50
    near: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a drawing's kind is {' or '.join(KINDS)}; got {self.kind}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """Written ways of doing an action that train as they are, undrawn (training.drawing.way_tracks).

    Attributes:
        per_action: tracks of an action whose weight is 1; 0 for none.
        seed: of all of them.
    """

    per_action: int = 0
    seed: int = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Trials:
    """Trainings beside the shipped one (training.default.trials).

    Attributes:
        shares: of the labels, besides all of them.
        epochs: with few labels.
        of: the recipe's sets for which they are done.
        starts: how they begin (training.default.trials.STARTS).

    Raises:
        ValueError: a start that is not known.
    """

    shares: tuple[float, ...] = ()
    epochs: int = 10
    of: tuple[str, ...] = ()
    starts: tuple[str, ...] = STARTS

    def __post_init__(self) -> None:
        if unknown := set(self.starts) - set(STARTS):
            raise ValueError(f"trials begin from {', '.join(STARTS)}; got {', '.join(sorted(unknown))}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Judging:
    """Clips that are drawn for judging alone.

    Attributes:
        rates: frames a second, each of them of the same scenes.
        held_out: most scenes of an action.
        cameras: of each clip of stillness.
        seed: of choice, cameras and looks.
    """

    rates: tuple[float, ...] = (8, 15, 30, 60)
    held_out: int = 6
    cameras: int = 12
    seed: int = 9


@dataclass(frozen=True, kw_only=True, slots=True)
class DefaultRecipe:
    """Everything that decides what the default model becomes, except the data.

    Attributes:
        version: of the weights.
        hop_s: seconds between two windows of a clip in pre-training.
        drawings: folders of drawn clips, by name.
        pretrain: six modalities, no labels.
        distil: into the student, no labels.
        train: with labels; its shape is everybody's.
        false_alarms: share of the windows of "idle", and of "other" (actions not on the list), that may pass the
            threshold; with `false_events`, share of their clips that may have an event.
        seeds: of the training with labels; the first one's model ships, the others give the spread.
        trials: what else is trained to compare with.
        judge: what is drawn to judge alone.
        sets: which recorded sets train, by the recipe's name.
        terms: what those sets allow the weights to be used for, by the same name.
        written: ways that train undrawn.
        gate: whether the model gets a gate for the unknown on its embedding.
        false_events: most false events a minute, by which thresholds are chosen on the stream; None chooses them on
            single windows.
        by_label: whether actions get thresholds of their own where that pays; needs `false_events`.
        without: actions whose clips are left out of everything, pre-training too; none for a model to ship.
    """

    version: str
    hop_s: float
    drawings: dict[str, Drawing]
    pretrain: PretrainConfig
    distil: DistilConfig
    train: Recipe
    false_alarms: dict[str, float]
    seeds: tuple[int, ...]
    trials: Trials
    judge: Judging
    sets: dict[str, tuple[str, ...]]
    terms: dict[str, str]
    written: Written = Written()
    gate: bool = False
    false_events: float | None = None
    by_label: bool = False
    without: tuple[str, ...] = ()

    @property
    def events(self) -> Targets | None:
        """What the stream may say where no action goes on, None where single windows choose."""
        if self.false_events is None:
            return None
        return Targets(minute=self.false_events, shares=self.false_alarms, by_label=self.by_label)

    @classmethod
    def read(cls, path: str | Path) -> DefaultRecipe:
        """Read the recipe of a YAML file.

        Raises:
            ValueError: a key or value that makes no sense; the message names the file.
        """
        said = read_yaml(Path(path))
        try:
            return _recipe(said)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path}: {error}") from None


def _filled(kind: type[T], said: Mapping[str, Any], what: str) -> T:
    known = [entry.name for entry in fields(kind)]
    wrong = [key for key in said if key not in known]
    if wrong:
        raise ValueError(f"{what} has no {', '.join(wrong)}; there are {', '.join(known)}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in said.items()})


def _recipe(said: Mapping[str, Any]) -> DefaultRecipe:
    missing = [key for key in _KEYS if key not in said]
    wrong = [key for key in said if key not in (*_KEYS, *_OPTIONAL)]
    if missing or wrong:
        keys = f"{', '.join(_KEYS)}, and perhaps {', '.join(_OPTIONAL)}"
        raise ValueError(f"the keys are {keys}; missing: {missing}, unknown: {wrong}")
    for name, sets in said["sets"].items():
        try:
            Materials.of(sets)
        except ValueError as error:
            raise ValueError(f"sets: {name}: {error}") from None
    if set(said["false_alarms"]) != set(SILENT):
        raise ValueError(f"false_alarms are the shares of {' and '.join(SILENT)}; got {said['false_alarms']}")
    if set(said["terms"]) != set(said["sets"]):
        raise ValueError(f"terms are needed for {', '.join(said['sets'])}, one each; got {', '.join(said['terms'])}")
    others = [name for name in said["trials"].get("of") or () if name not in said["sets"]]
    if others:
        raise ValueError(f"trials.of names {', '.join(others)}; the sets are {', '.join(said['sets'])}")
    gate, by_label, false_events = said.get("gate", False), said.get("by_label", False), said.get("false_events")
    if not (isinstance(gate, bool) and isinstance(by_label, bool)):
        raise ValueError(f"gate and by_label are true or false; got {gate!r} and {by_label!r}")
    if false_events is not None and not float(false_events) > 0:
        raise ValueError(f"false_events is a number a minute above 0; got {false_events!r}")
    if by_label and false_events is None:
        raise ValueError("by_label chooses thresholds on the stream, which needs false_events (0.7, say)")
    without = tuple(said.get("without") or ())
    unknown = [action for action in without if action not in DISPLAY or action in SILENT]
    if unknown:
        raise ValueError(f"without names {', '.join(map(str, unknown))}, which no clip is labelled by")
    augmentation = _filled(Augmentation, said["train"].get("augmentation") or {}, "train.augmentation")
    train = _filled(Recipe, {**said["train"], "augmentation": augmentation}, "train")
    shape = {"shape.channels": train.channels, "shape.strides": train.strides}
    return DefaultRecipe(
        version=str(said["version"]),
        hop_s=float(said["hop_s"]),
        drawings={str(name): _filled(Drawing, told, f"draw.{name}") for name, told in said["draw"].items()},
        pretrain=from_sources(PretrainConfig, "compact", None, {**said["pretrain"], **shape}),
        distil=from_sources(DistilConfig, "compact", None, {**said["distil"], **shape}),
        train=train,
        false_alarms={label: float(said["false_alarms"][label]) for label in SILENT},
        seeds=tuple(int(seed) for seed in said["seeds"]),
        trials=_filled(Trials, said["trials"], "trials"),
        judge=_filled(Judging, said["judge"], "judge"),
        sets={str(name): tuple(sets) for name, sets in said["sets"].items()},
        written=_filled(Written, said.get("written") or {}, "written"),
        gate=gate,
        false_events=None if false_events is None else float(false_events),
        by_label=by_label,
        without=without,
        terms={str(name): " ".join(str(text).split()) for name, text in said["terms"].items()},
    )
