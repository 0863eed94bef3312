"""Evaluation of a run on a labelled split: one protocol, every set of modalities, seeds and cost.

All results go to one file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from models.branches import Branches
from models.system.words import count
from training.data.store import Store
from training.evaluation.classifier import Classifier
from training.evaluation.cost import Cost, cost
from training.evaluation.features import only
from training.evaluation.linear import Predictions
from training.evaluation.protocols import (
    SEMI_FRACTIONS,
    SEMI_REPEATS,
    Config,
    Judge,
    Labelled,
    SubsetPredictions,
    check_subsets,
)
from training.evaluation.results import SubsetResult, confusion, confusion_picture, headline, result_of, write_result
from training.runs.precision import settle_precision
from training.runs.run_folder import load_branches, provenance
from training.runs.starts import may_have_seen


def evaluate(
    store: Store,
    split: str,
    config: Config,
    run: Path | None,
    protocol: str,
    modalities: Sequence[str] | None = None,
    subsets: Sequence[Sequence[str]] = (),
    seeds: Sequence[int] | None = None,
    fractions: Sequence[float] | None = None,
    device: str | torch.device = "cpu",
    out: Path | None = None,
    any_split: bool = False,
) -> dict[str, Any]:
    """Judge one run, or a model from scratch, and write the result.

    Args:
        store: labelled clips; another than the run's is transfer, and the result says so.
        split: its training clips train, its test clips judge.
        config: of `protocols.make_config`.
        run: folder of pretrain or distil, finished; None with the protocol scratch.
        protocol: linear, knn, semi, finetune or scratch.
        modalities: branches to judge; None takes all of the run's.
        subsets: further sets of modalities to judge fused, beside each alone and all together.
        seeds: of everything random; None takes 0, and 0 to 4 with semi. knn has nothing random and takes the first.
        fractions: shares of the training labels, with semi; None takes 1, 5, 10 and 20 %.
        device: where to compute.
        out: JSON file to write, and a picture of the confusions beside it (.png); None writes nothing.
        any_split: judge a run that may have seen the test clips without their labels; the result says so.

    Returns:
        What the file holds; "accuracy" is that of all modalities fused, in %, after the last epoch.

    Raises:
        ValueError: a missing run, split, label, modality or class; the message says which. Or the run was trained on
            another split of the same store.
    """
    branches, held = _model(run, protocol)
    config = settle_precision(config, torch.device(device))
    names = _names(modalities, branches)
    if fractions is not None and protocol != "semi":
        raise ValueError(f"--fractions goes with semi; {protocol} takes all labels")
    clips, chosen = Labelled.of(store, split), check_subsets(names, subsets)
    seeds = list(dict.fromkeys(seeds if seeds is not None else range(SEMI_REPEATS if protocol == "semi" else 1)))
    remark = may_have_seen(held["data"] if held else [], store, split)
    if remark and not any_split:
        raise ValueError(f"{remark}; judge it on its own split, or give --any-split, and the result says so")
    judge = Judge(clips, branches, chosen, config, device)
    told, last = _rows(judge, seeds[:1] if protocol == "knn" else seeds, _fractions(protocol, fractions))
    costs = _costs(judge.start(seeds[0]), chosen, len(store.labels), device)
    rows = [replace(line, cost=costs[line.modalities]) for line in told]
    result = headline(rows) | {"protocol": protocol, "config": asdict(config), "split": split, **provenance(store)}
    result |= _clips_and_run(clips, held) | {"rows": [line.to_dict() for line in rows]}
    if remark:
        result["remark"] = remark
    if out is not None:
        _write(out, result, last, clips)
    return result


def _clips_and_run(clips: Labelled, held: dict[str, Any] | None) -> dict[str, Any]:
    """Describe what was judged, and on how many clips."""
    return {
        "train_clips": len(clips.train_ids), "test_clips": len(clips.test_ids), "unlabelled": clips.unlabelled,
        "untested": clips.untested(), "run": held, "transfer": _transfer(held, clips.store),
    }  # fmt: skip


def _model(run: Path | None, protocol: str) -> tuple[Branches | None, dict[str, Any] | None]:
    """Load the run's branches and its config.json, or return None for both from scratch."""
    if protocol == "scratch":
        if run is not None:
            raise ValueError("scratch starts at random and takes no --run; finetune starts from one")
        return None, None
    if run is None:
        raise ValueError(f"{protocol} needs --run: the folder of a finished pretrain or distil")
    branches, held = load_branches(run)
    return branches, {"folder": Path(run).name, **held}


def _names(modalities: Sequence[str] | None, branches: Branches | None) -> tuple[str, ...]:
    """Return the modalities to judge: those asked for, or all of the run's."""
    names = tuple(modalities or (branches.names if branches else ()))
    if not names:
        raise ValueError("scratch needs --modalities: which branches to train")
    return names


def _fractions(protocol: str, fractions: Sequence[float] | None) -> list[float | None]:
    if protocol != "semi":
        return [None]
    return [*sorted(set(SEMI_FRACTIONS if fractions is None else fractions))]


def _rows(
    judge: Judge, seeds: Sequence[int], fractions: Sequence[float | None]
) -> tuple[list[SubsetResult], dict[int, Predictions]]:
    """Judge every share of the labels and every set of modalities, a row each.

    The second result is the answers of the last row, by seed.
    """
    clips, store = judge.clips, judge.clips.store
    lines: list[SubsetResult] = []
    for fraction in fractions:
        share = {seed: clips.train_ids if fraction is None else clips.share(fraction, seed) for seed in seeds}
        answers: dict[int, SubsetPredictions] = {seed: judge.answers(seed, ids) for seed, ids in share.items()}
        for subset in judge.subsets:
            mine = {seed: answers[seed][subset] for seed in seeds}
            line = result_of(subset, mine, store.label_N[clips.test_ids], store.labels)
            lines.append(line if fraction is None else replace(line, fraction=fraction, labels=len(share[seeds[0]])))
    return lines, mine


def _costs(
    branches: Branches, subsets: Sequence[tuple[str, ...]], classes: int, device: str | torch.device
) -> dict[tuple[str, ...], Cost]:
    return {subset: cost(Classifier(only(branches, subset), classes).to(device).eval()) for subset in subsets}


def _transfer(held: dict[str, Any] | None, store: Store) -> bool:
    """Return whether the model never saw this store's clips while it was pre-trained."""
    return held is not None and all(part["data_hash"] != store.hash for part in held["data"])


def _write(out: Path, result: dict[str, Any], last: dict[int, Predictions], clips: Labelled) -> None:
    """Write the picture and then the results file.

    The picture comes first, because the results file says that all is there.
    """
    labels = clips.store.labels
    counts_CC = confusion(last, clips.store.label_N[clips.test_ids], len(labels))
    title = f"{result['protocol']}, {'+'.join(result['modalities'])}: {result['accuracy']:.1f} %"
    confusion_picture(counts_CC, labels, title, out.with_suffix(".png"))
    write_result(out, result | {"labels": list(labels), "confusion": counts_CC.tolist()})


def describe(result: dict[str, Any]) -> str:
    """Format the rows as a Markdown table, and below it what the reader must know of the run."""
    from training.evaluation.results import markdown

    judged = f"\nTrained on {count(result['train_clips'], 'clip')} with labels, tested on {result['test_clips']}"
    other = "; the encoders were pre-trained on another store" * bool(result["transfer"])
    untested = f" No test clip shows {', '.join(result['untested'])}." * bool(result["untested"])
    remark = f"\nWARNING: {result['remark']}" if "remark" in result else ""
    return markdown([_cells(line) for line in result["rows"]]) + f"{judged}{other}.{untested}" + remark


def _cells(line: dict[str, Any]) -> dict[str, str]:
    spread = "" if line["std"] is None else f" +- {line['std']:.1f}"
    part = {"labels": f"{100 * line['fraction']:g} %"} if "fraction" in line else {}
    return part | {
        "modalities": "+".join(line["modalities"]),
        "accuracy %": f"{line['accuracy']:.1f}{spread}",
        "mean over actions %": f"{line['mean_per_class']:.1f}",
        "parameters (M)": f"{line['parameters'] / 1e6:.2f}",
        "GFLOPs": f"{line['flops'] / 1e9:.2f}",
        "latency (ms)": f"{line['latency_ms']:.1f}",
    }
