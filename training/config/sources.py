"""Configuration from its sources: preset, YAML file, changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from training.config.checked import check_settings
from training.config.schema import C, DistilConfig, PretrainConfig, parse_modalities

_COMPACT: dict[str, Any] = {
    "batch": 64, "optimizer": "adamw", "lr": 0.002, "weight_decay": 0.05, "schedule": "cosine", "warmup": 1,
    "queue": 512, "mask_own": True, "keep": 0.99, "precision": "auto", "cmd_topk": 256,
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
        if tail or (isinstance(value, Mapping) and head not in ("weights", "beside")):
            inner = out.get(head, {})
            if dataclasses.is_dataclass(inner) and not isinstance(inner, type):
                inner = dataclasses.asdict(inner)
            out[head] = _merge(inner, {tail: value} if tail else value)
        else:
            out[head] = value
    return out


def fit_epochs(values: dict[str, Any], base: Mapping[str, Any], over: Iterable[str]) -> dict[str, Any]:
    """Scale the stages with the epochs where the epochs alone were changed.

    A shorter run thus keeps its proportions.

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
    """Return the defaults of the fields that have a plain one, by name."""
    return {entry.name: entry.default for entry in fields(kind) if entry.default is not dataclasses.MISSING}


def from_sources(
    kind: type[C], preset: str = "paper", yaml_path: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> C:
    """Build a configuration from a preset, then the YAML file, then the overrides.

    Dotted keys reach inside ("shape.dropout").

    Where the epochs are changed and the stages are not, the stages change in proportion (`fit_epochs`).

    Raises:
        ValueError: unknown preset, key or value; the message names it.
    """
    if preset not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}; got {preset!r}")
    base, said = PRESETS[preset][kind], {}
    if yaml_path is not None:
        held = read_yaml(yaml_path)
        try:
            said = _settings(kind, held)
        except ValueError as error:
            raise ValueError(f"{yaml_path}: {error}") from None
    over = _merge(said, _settings(kind, overrides or {}))
    return kind(**fit_epochs(_merge(base, over), defaults_of(kind) | base, over))


def _settings(kind: type, said: Mapping[Any, Any]) -> dict[str, Any]:
    """Return settings with inner ones as mappings and modalities as names, after a look at their keys and kinds."""
    values = _merge({}, {str(key): value for key, value in said.items()})
    if isinstance(values.get("modalities"), str):
        values["modalities"] = parse_modalities(values["modalities"])
    check_settings(kind, values)
    return values


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises:
        ValueError: it is missing, no YAML, or no mapping.
    """
    import yaml

    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(f"{path} cannot be read as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise ValueError(f"{path} must hold `key: value` lines")
    return values
