"""What has to hold before a run begins: its folder is its own, and what it begins with fits it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.system.lock import alone
from training.parallel.torchrun import Group
from training.runs.run_folder import CONFIG, read_config


@contextmanager
def kept_alone(out: Path, group: Group) -> Iterator[None]:
    """Keep a run's folder to one training at a time. The first of a training's processes holds the lock for all.

    Raises:
        ValueError: another training is at work on it.
    """
    if not group.main:
        yield
        return
    with alone(out, f"another training is at work on {out}: wait for it, end it, or give another --out"):
        yield


def held_precision(*runs: Path | None) -> str | None:
    """Return the precision of the first of these runs that exists, None where none does."""
    for run in runs:
        if run is not None and (run / CONFIG).exists():
            return str(read_config(run)["config"]["precision"])
    return None


# Fields that decide how stage 1 was trained. Epochs, exchange and modalities may differ.
_OF_STAGE_1 = ("optimizer", "batch", "precision", "views", "shape", "queue", "temperature", "mask_own")


def _flat(config: dict[str, Any]) -> dict[str, Any]:
    """Return the values that decide stage 1 by their dotted names, as the options have them."""
    inside = {name: config[name].items() for name in _OF_STAGE_1 if isinstance(config.get(name), dict)}
    plain = {name: config[name] for name in _OF_STAGE_1 if name in config and name not in inside}
    return plain | {f"{name}.{key}": value for name, pairs in inside.items() for key, value in pairs}


def require_same_start(stage1: Path, config: Any, data: list[dict[str, Any]]) -> None:
    """Make sure that a run's stage 1 was trained as another run asks for.

    Raises:
        ValueError: it was trained on other clips, or with other values; the message names them.
    """
    held, asked = read_config(stage1), json.loads(json.dumps({"config": asdict(config), "data": data}))
    there, here = _flat(held["config"]), _flat(asked["config"])
    words = [f"{name} {there.get(name)} (here {value})" for name, value in here.items() if there.get(name) != value]
    words += ["other clips"] * (held["data"] != asked["data"])
    if words:
        raise ValueError(
            f"the stage 1 of {stage1} cannot be taken up, because it was trained with {', '.join(words)}; give the "
            "same values and data, or leave --stage1-from out"
        )
