"""What has to hold before a run begins: its folder is its own, and what it begins with fits it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models.system.lock import alone
from training.data.pool import Pool
from training.data.store import VAL, Store
from training.parallel.torchrun import Group
from training.runs.run_folder import CONFIG, STAGE1, known, read_config


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
_OF_STAGE_1 = ("optimizer", "batch", "precision", "views", "shape", "queue", "temperature", "mask_own", "hide",
               "beside", "mix")  # fmt: skip


def _flat(config: dict[str, Any]) -> dict[str, Any]:
    """Return the values that decide stage 1 by their dotted names, as the options have them."""
    inside = {name: config[name].items() for name in _OF_STAGE_1 if isinstance(config.get(name), dict)}
    plain = {name: config[name] for name in _OF_STAGE_1 if name in config and name not in inside}
    return plain | {f"{name}.{key}": value for name, pairs in inside.items() for key, value in pairs}


def require_same_start(stage1: Path, config: Any, data: list[dict[str, Any]]) -> None:
    """Make sure that a run's stage 1 was trained as another run asks for.

    Raises:
        ValueError: it was trained on other clips, or with other values, which the message names; it has not ended; or
            it is a student.
    """
    held = read_config(stage1)
    if held.get("kind") != "pretrain":
        raise ValueError(f"{stage1} is a run of {held.get('kind')} and has no stage 1: name a run of pretrain")
    asked = json.loads(json.dumps({"config": asdict(config), "data": data}))
    there, here = _flat(held["config"]), _flat(known(asked["config"], held["config"]))
    words = [f"{name} {there.get(name)} (here {value})" for name, value in here.items() if there.get(name) != value]
    words += ["other clips"] * (held["data"] != asked["data"])
    if words:
        raise ValueError(
            f"the stage 1 of {stage1} cannot be taken up, because it was trained with {', '.join(words)}; give the "
            "same values and data, or leave --stage1-from out"
        )
    if not (stage1 / STAGE1).exists():
        raise ValueError(f"{stage1} has not ended its stage 1 ({STAGE1} is missing); repeat the command that makes it")


def splits_that_fit(data: list[dict[str, Any]], store: Store) -> tuple[int, list[str]]:
    """Return how many clips of a store a run was trained on, and the splits of the store that have as many.

    Args:
        data: of the run's config.json.
        store: whose splits are looked at: their training clips, or all clips but their test clips; and the training
            clips of what is left of a split when it is cut once more ("NAME-val").
    """
    clips = next((part["clips"] for part in data if part["data_hash"] == store.hash), 0)
    sizes = {name: [len(train), len(store) - len(test)] for name in store.splits for train, test in [store.split(name)]}
    for name in store.splits:
        with suppress(ValueError):  # not every split can be cut again
            sizes[f"{name}{VAL}"] = [len(store.split(f"{name}{VAL}")[0])]
    return clips, [name for name, fitting in sizes.items() if clips in fitting]


def may_have_seen(data: list[dict[str, Any]], store: Store, split: str) -> str:
    """Return a sentence if a run saw clips that a split tests on, as far as numbers tell, or else "".

    Args:
        data: of the run's config.json.
        store: on which the run is judged; of another one it has seen nothing.
        split: whose test clips judge. A run on a part of its training clips has seen none of them.
    """
    clips, fitting = splits_that_fit(data, store)
    if not clips or split in fitting or f"{split}{VAL}" in fitting:
        return ""
    where = "all clips" if clips == len(store) else f"split {' or '.join(fitting)}" if fitting else "another split"
    return (
        f"the run was trained without labels on {where} of {store.folder} ({clips} clips), so it may have seen the "
        f"clips that {split} tests on"
    )


def require_split_of_teacher(teacher: Path, data: list[dict[str, Any]], pool: Pool) -> None:
    """Make sure that a teacher has not seen what its student will be tested on.

    Args:
        teacher: folder of the teacher's run.
        data: of its config.json.
        pool: the student's clips.

    Raises:
        ValueError: the teacher was trained on another split of one of the student's stores.
    """
    for store, ids in pool.parts:
        clips, theirs = splits_that_fit(data, store)
        _, ours = splits_that_fit([{"data_hash": store.hash, "clips": len(ids)}], store)
        if clips not in (0, len(store)) and ours and theirs and not set(ours) & set(theirs):
            raise ValueError(
                f"{teacher} was trained on split {' or '.join(theirs)} of {store.folder}, so it may have seen what "
                f"{' or '.join(ours)} tests on: give --split {theirs[0]}, or a teacher of {ours[0]}"
            )
