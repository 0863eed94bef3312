"""The paper's headline from NTU RGB+D's files: prepare, pre-train, distil and judge, each split, and one table.

OUT/store holds the clips, OUT/SPLIT the comparison of a split, OUT/table.md and table.json the result. What is finished
is not done again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.system import tables
from models.system.atomic import write_json, write_text
from models.system.cores import processor, usable_cores
from models.system.lock import alone
from models.system.places import ROOT
from training.comparison.compare import compare
from training.comparison.grid import Grid, letters
from training.comparison.plan import EVALUATE
from training.comparison.published import ALWAYS, CLIPS, HEADLINE, budget
from training.comparison.state import ComparisonState
from training.comparison.tables import gather
from training.config.schema import PretrainConfig
from training.data.prepare import prepare
from training.data.prepared import Counts
from training.data.readers.ntu import is_of_120
from training.data.readers.ntu_file import sample_of
from training.data.store import Store
from training.evaluation.protocols import Labelled
from training.runs.starts import held_precision

CONFIGS = ROOT / "training" / "configs"
WHOLE = 0.99  # of the published clips: a few files that cannot be read change nothing that can be seen
LEAST = 0.5  # of the published clips, below which an accuracy is no number to put beside the published one
QUICK_ACTIONS, QUICK_FILES = 12, 40  # of a rehearsal: actions, and files of each


def reproduce(
    ntu: Path,
    out: Path,
    note: Callable[[str], None],
    *,
    missing: Path | None = None,
    partial: bool = False,
    quick: bool = False,
    seeds: Sequence[int] | None = None,
    workers: int = 1,
    devices: Sequence[str] = (),
) -> None:
    """Run all that the paper's headline needs, and print its table beside the published numbers.

    Args:
        ntu: folder of NTU RGB+D's .skeleton files, of 60 or 120 classes.
        out: folder of everything; a run that was stopped goes on there.
        note: told what happens.
        missing: NTU's list of samples with missing skeletons.
        partial: go on where files of the data set are missing; the table says what that means.
        quick: a rehearsal in minutes: a narrow encoder, few epochs, some of the files.
        seeds: of everything random; None takes 0.
        workers: processes at a time.
        devices: numbers of the GPUs, shared out evenly between the workers.

    Raises:
        ValueError: files of the data set are missing; OUT is of something else, or in use; or a step failed.
    """

    def choose(files: list[Path]) -> list[Path]:
        if not (partial or quick) and files:
            _require_whole(files, ntu, missing)
        return some_of_each_action(files) if quick else files

    config = CONFIGS / ("rehearsal.yaml" if quick else "paper_ntu60.yaml")
    with alone(out, f"{out} is in use by another reproduction; wait for it, end it, or give another --out"):
        counts = prepare(ntu, out / "store", kind="ntu", missing=missing, workers=workers, note=note, choose=choose)
        require_clips(config, out / "store", tuple(counts.splits))
        states = {}
        for split in counts.splits:
            note(f"{split}: pre-training of six modalities, distillation, linear evaluation ({out / split})")
            states[split] = compare(
                config, out / split, note, data=out / "store", workers=workers, devices=devices, split=split,
                seeds=seeds,
            )  # fmt: skip
        name = "NTU RGB+D 120" if counts.labels > 60 else "NTU RGB+D 60"
        text = "\n\n".join([_table(states, name, counts), "\n".join(f"- {s}" for s in _notes(states, name, counts))])
        write_text(out / "table.md", text + "\n")
        write_json(out / "table.json", _record(states, name, counts))
    note(text)


def _require_whole(files: list[Path], ntu: Path, missing: Path | None) -> None:
    names = [sample_of(path) or "" for path in files]
    name = "NTU RGB+D 120" if any(map(is_of_120, names)) else "NTU RGB+D 60"
    wanted = sum(CLIPS[name]["xsub"])
    if len(files) < WHOLE * wanted:
        raise ValueError(
            f"{ntu} holds {len(files):,} of the {wanted:,} clips of {name}, so its published numbers cannot be "
            "repeated; give the whole data set, or --partial for a table of these, or --quick for a rehearsal"
        )


def require_clips(config: Path, store: Path, splits: Sequence[str]) -> None:
    """Make sure that every split can train and be judged, before the first one takes its days.

    Args:
        config: file of the grid.
        store: of the clips.
        splits: of the store.

    Raises:
        ValueError: a split has fewer training clips than a batch, or test clips of an action that never trains.
    """
    clips = Store(store)
    for split in splits:
        train = len(Labelled.of(clips, split).train_ids)
        batch = Grid.read(config, store, split).values(PretrainConfig, "").batch
        if train < batch:
            raise ValueError(f"{train} training clips of {split} are fewer than a batch of {batch}; give more files")


def some_of_each_action(files: list[Path]) -> list[Path]:
    """Choose some files of some actions, the same ones each time."""
    rng = np.random.default_rng(0)
    by_action: dict[str, list[Path]] = {}
    for path in files:
        by_action.setdefault((sample_of(path) or "")[-4:], []).append(path)
    actions = sorted(by_action)
    chosen = [actions[i] for i in sorted(rng.permutation(len(actions))[:QUICK_ACTIONS])]
    picked = {by_action[action][i] for action in chosen for i in rng.permutation(len(by_action[action]))[:QUICK_FILES]}
    return [path for path in files if path in picked]


def _share(counts: Counts, name: str, split: str) -> float:
    """Return which share of the published clips is here, of the training or the test clips, whichever is less."""
    return min(here / published for here, published in zip(counts.splits[split], CLIPS[name][split], strict=True))


def _worth(counts: Counts, name: str, split: str) -> str:
    """Say what results on a split's clips are worth."""
    share = _share(counts, name, split)
    if share < LEAST:
        return "too little for a number"
    if share < WHOLE:
        return "not comparable"
    same = counts.splits[split] == CLIPS[name][split]
    return "as published" if same else "nearly as published; give NTU's list with --missing"


def _table(states: dict[str, ComparisonState], name: str, counts: Counts) -> str:
    rows: dict[str, list[str]] = {}
    for split, state in states.items():
        enough = _share(counts, name, split) >= LEAST
        published = HEADLINE.get((name, split))
        for line in gather(state):
            modalities = letters(line.row.modalities)
            model = f"{len(modalities)} encoders ({modalities})" if modalities else f"student ({line.row.method})"
            ours = str(line.cells["linear"]) if enough else "too little data"
            rows.setdefault(model, []).extend([ours, "not known here" if published is None else f"{published:.1f}"])
    titles = [title for split in states for title in (f"{split}, linear, ours", f"{split}, published")]
    return tables.table(["model", *titles], ([model, *cells] for model, cells in rows.items()), 1)


def _notes(states: dict[str, ComparisonState], name: str, counts: Counts) -> list[str]:
    """Say what differs from the paper, and what its numbers are of."""
    import torch

    said = ["Published numbers are the paper's best (arXiv 2309.12009). They stand beside encoders and student alike, "
            "because it is not known here which of the two they are of."]  # fmt: skip
    for split in states:
        (train, test), (all_train, all_test) = counts.splits[split], CLIPS[name][split]
        said.append(f"Data of {split}: {train:,} of {all_train:,} training clips, {test:,} of {all_test:,} test clips: "
                    f"{_worth(counts, name, split)}.")  # fmt: skip
    first = next(iter(states.values()))
    said += budget(first)
    cuda = torch.cuda.is_available()
    where = torch.cuda.get_device_name() if cuda else f"{processor()}, {usable_cores()} cores, no GPU"
    runs = [first.run(task.name) for task in first.plan.tasks.values() if task.kind != EVALUATE]
    precisions = {held_precision(run) for run in runs} - {None}
    said.append(
        f"Device: {where}; precision {', '.join(sorted(map(str, precisions)))} (the published code needs CUDA)."
    )
    hours = sum(state.seconds() for state in states.values()) / 3600
    return [*said, *ALWAYS, f"Process time of all runs and evaluations: {hours:.1f} hours."]


def _record(states: dict[str, ComparisonState], name: str, counts: Counts) -> dict[str, Any]:
    """Return the table for programs: unrounded, also where there is too little data for a number."""
    rows = [
        {"split": split, "modalities": list(line.row.modalities), "method": line.row.method,
         "values": line.cells["linear"].values, "published": HEADLINE.get((name, split)),
         "share_of_data": _share(counts, name, split)}
        for split, state in states.items() for line in gather(state)
    ]  # fmt: skip
    return {"set": name, "rows": rows, "notes": _notes(states, name, counts)}
