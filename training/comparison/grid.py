"""Grid of a comparison, as its YAML file says it: the rows of the table, and what trains and judges them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from models.modality_names import MODALITIES
from training.config.schema import EXCHANGES, LETTERS, METHODS, C, PretrainConfig, parse_modalities
from training.config.sources import from_sources, read_yaml

PRETRAIN, DISTIL, SCRATCH = "pretrain", "distil", "scratch"
PROTOCOLS = ("linear", "knn", "semi", "finetune", SCRATCH)
_FILE = ("data", "split", "preset", "also", "clips", "pretrain", "distil", "seeds", "protocols", "variants", "rows")
_CLIPS = ("data", "split", "also")
_ENTRY = ("modalities", "exchange", "of", "student", "scratch", "seeds", "variant", "protocols")
_LETTER = {name: letter for letter, name in LETTERS.items()}


def letters(names: Iterable[str]) -> str:
    """Return the letters of modalities (joint, motion, bone -> "jmb")."""
    return "".join(_LETTER[name] for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """Row of the table, without its seeds.

    Attributes:
        kind: pretrain, distil (a student) or scratch (a student trained with labels alone).
        modalities: that are evaluated, fused; () for a student: all of its own.
        exchange: of the pre-training; "" for scratch.
        of: modalities of the pre-training (of a student: of its teacher's); () where any that hold the row's do.
        method: of distillation; "" for other kinds.
        variant: name in the file's `variants`; "" for none.
    """

    kind: str
    modalities: tuple[str, ...] = ()
    exchange: str = ""
    of: tuple[str, ...] = ()
    method: str = ""
    variant: str = ""


@dataclass(slots=True)
class RowRequest:
    """Seeds and columns that a row wants."""

    seeds: set[int] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingVariant:
    """Data and values that train a row without labels. The file's own values are the variant "".

    Attributes:
        data: the store that trains; None takes the file's.
        split: its training clips train; None takes all clips.
        also: further stores, "FOLDER" or "FOLDER:SPLIT".
        pretrain: values over the preset and over the file's.
        distil: values over the preset and over the file's.
    """

    data: Path | None = None
    split: str | None = None
    also: tuple[str, ...] = ()
    pretrain: dict[str, Any] = field(default_factory=dict)
    distil: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Contents of a comparison's file.

    Attributes:
        name: of the file.
        data: store to train on and to judge on.
        split: of it; with + after it, what it leaves aside trains too, but for labels.
        preset: paper or compact.
        protocols: column -> protocol, preset, frozen and fraction as of `evaluate`, and values over the preset.
        variants: by name.
        rows: in the order of the table.
    """

    name: str
    data: Path
    split: str
    preset: str
    protocols: dict[str, dict[str, Any]]
    variants: dict[str, TrainingVariant]
    rows: dict[GridRow, RowRequest]

    @classmethod
    def read(
        cls, path: Path, data: Path | None = None, split: str | None = None, seeds: Sequence[int] | None = None
    ) -> Grid:
        """Read the grid of a YAML file.

        Folders in the file are relative to the current one.

        Args:
            path: the file; training/configs holds examples.
            data: store instead of the file's.
            split: of the store, instead of the file's; the grid is then called FILE_SPLIT.
            seeds: of every row, instead of the file's.

        Raises:
            ValueError: an unknown key or value, or nothing to compare; or a split for a file whose `clips` say by
                themselves what trains.
        """
        said, name = read_yaml(path), Path(path).stem
        if split is not None and split != said.get("split"):
            if said.get("clips"):
                raise ValueError(f"{path} says by clips: what trains, so --split would judge alone; change the file")
            said, name = said | {"split": split}, f"{name}_{split.removesuffix('+')}"
        try:
            return _grid(name, said, data, seeds)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None

    def values(self, kind: type[C], variant: str, **over: Any) -> C:
        """Build a run's configuration.

        The file's values override the preset's, the variant's override the file's, and `over` overrides all.
        """
        part = "pretrain" if kind is PretrainConfig else "distil"
        layers = [getattr(self.variants[name], part) for name in ("", variant)]
        try:
            return from_sources(kind, self.preset, None, flat(layers[0]) | flat(layers[1]) | over)
        except ValueError as error:
            of = f", variant {variant}" if variant else ""
            raise ValueError(f"{self.name}{of}, {part}: {error}") from None


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested mappings to dotted keys.

    A variant's part of `shape` then leaves the rest of it alone.
    """
    out: dict[str, Any] = {}
    for key, value in values.items():
        nested = isinstance(value, Mapping) and key not in ("weights", "beside")
        out |= flat(value, f"{prefix}{key}.") if nested else {prefix + key: value}
    return out


def _known(said: Any, known: Iterable[str], what: str) -> dict[str, Any]:
    if not isinstance(said, Mapping):
        raise ValueError(f"{what} must hold `key: value` pairs; got {said!r}")
    wrong = [str(key) for key in said if key not in tuple(known)]
    if wrong:
        raise ValueError(f"{what} has no {', '.join(wrong)}; there are {', '.join(known) or 'none'}")
    return dict(said)


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _each(told: Mapping[str, Any], key: str, default: str, known: Iterable[str]) -> list[str]:
    values = [str(value) for value in _many(told.get(key, default))]
    _known(dict.fromkeys(values), known, f"{key}:")
    return values


def _modalities(text: Any) -> tuple[str, ...]:
    names = parse_modalities(str(text))
    return tuple(name for name in MODALITIES if name in names)


def _variant(said: Any, what: str) -> TrainingVariant:
    told = _known(said, [entry.name for entry in fields(TrainingVariant)], what)
    told["also"] = tuple(str(name) for name in _many(told.get("also") or []))
    told["data"] = Path(told["data"]) if told.get("data") else None
    for part in ("pretrain", "distil"):
        told[part] = dict(told.get(part) or {})
    return TrainingVariant(**told)


def _variants(said: Mapping[str, Any]) -> dict[str, TrainingVariant]:
    # The clips that train without labels are the split of the judged store, or those that `clips` names.
    where = _known(said.get("clips") or {key: said.get(key) for key in ("split", "also")}, _CLIPS, "clips:")
    own = where | {key: said.get(key) for key in ("pretrain", "distil")}
    out = {"": _variant(own, "the file")}
    for name, value in (said.get("variants") or {}).items():
        if not re.fullmatch(r"[a-z0-9_]+", str(name)):
            raise ValueError(f"the variant {name!r} must be named with small letters, digits and _ alone")
        # A variant with its own store does not take the split and the further stores of the file.
        inherited = {} if "data" in (value or {}) else where
        out[str(name)] = _variant(inherited | dict(value or {}), f"the variant {name}")
    return out


def _protocols(said: Any, scratch: bool) -> dict[str, dict[str, Any]]:
    told = {str(name): {} for name in said} if isinstance(said, list) else dict(said)
    columns = {str(name): {"protocol": str(name)} | dict(options or {}) for name, options in told.items()}
    if scratch and all(options["protocol"] != SCRATCH for options in columns.values()):
        columns[SCRATCH] = {"protocol": SCRATCH}
    for options in columns.values():
        _each(options, "protocol", "", PROTOCOLS)
    return columns


def _grid(name: str, said: dict[str, Any], data: Path | None, seeds: Sequence[int] | None) -> Grid:
    said = _known(said, _FILE, "the file")
    if not said.get("split") or not (data or said.get("data")):
        raise ValueError("it must say split: and data: (or give --data)")
    entries = [_known(entry, _ENTRY, "a row") for entry in said.get("rows") or []]
    if not entries:
        raise ValueError("rows: is empty, there is nothing to compare")
    variants = _variants(said)
    protocols = _protocols(said.get("protocols") or ["linear", "knn"], any("scratch" in told for told in entries))
    rows: dict[GridRow, RowRequest] = {}
    for told in entries:
        for row in _rows(told, variants):
            request = rows.setdefault(row, RowRequest())
            request.seeds |= {int(seed) for seed in seeds or _many(told.get("seeds", said.get("seeds", 0)))}
            request.columns |= set(_columns(told, row, protocols))
    preset = str(said.get("preset", "compact"))
    return Grid(
        name=name, data=Path(data or said["data"]), split=str(said["split"]), preset=preset,
        protocols=protocols, variants=variants, rows=rows,
    )  # fmt: skip


def _columns(told: Mapping[str, Any], row: GridRow, protocols: dict[str, dict[str, Any]]) -> list[str]:
    """Return the columns that an entry names, or all.

    A scratch row has the columns of its protocol, which no other row has.
    """
    named = _each(told, "protocols", "", protocols) if "protocols" in told else list(protocols)
    return [c for c in named if (protocols[c]["protocol"] == SCRATCH) == (row.kind == SCRATCH)]


def _rows(told: dict[str, Any], variants: Mapping[str, TrainingVariant]) -> Iterator[GridRow]:
    """Yield all rows of one entry, one for every combination of its lists."""
    variant = str(told.get("variant") or "")
    _known({variant: None}, variants, "variants:")
    if "scratch" in told:
        if variant:
            raise ValueError("a scratch row has no variant: variants change what trains without labels")
        yield from (GridRow(kind=SCRATCH, modalities=_modalities(text)) for text in _many(told["scratch"]))
        return
    for exchange in _each(told, "exchange", "none", EXCHANGES):
        for names in [_modalities(text) for text in _many(told.get("modalities", letters(MODALITIES)))]:
            if "student" in told:
                for method in _each(told, "student", "rckd", METHODS):
                    yield GridRow(kind=DISTIL, exchange=exchange, of=names, method=method, variant=variant)
            else:
                of = _modalities(told["of"]) if "of" in told else (() if exchange == "none" else names)
                yield GridRow(kind=PRETRAIN, modalities=names, exchange=exchange, of=of, variant=variant)
