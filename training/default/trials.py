"""Trials: trainings beside the shipped one, which show what its parts contribute.

They have other seeds, no pre-training, few labels, or the six-modality teacher. Each is judged once, as the shipped
model is, and nothing is chosen by it.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.modality_names import MODALITIES
from models.system.atomic import write_json
from training.data.tracks import Track
from training.default.measured import ArmSummary, TrialResult
from training.parallel.processes import side_by_side
from training.supervised.clip_scores import accuracy, clip_scores
from training.supervised.recipe import Recipe
from training.supervised.train import train

if TYPE_CHECKING:
    from models.student import Student


WEBCAM = "windows of people at webcams"  # a measure of trials
STARTS = ("student", "scratch", "teacher")  # of trials: distilled, from labels alone, all six modalities


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Training with labels beside the shipped one.

    Attributes:
        start: "student" (distilled), "teacher" (six modalities), "model" (another one's encoders) or "scratch".
        share: of the labels, in (0, 1].
        seed: of the training and of the choice of labels.
    """

    start: str = "student"
    share: float = 1.0
    seed: int = 0

    @property
    def name(self) -> str:
        return f"{self.start}-{100 * self.share:g}-{self.seed}"

    @property
    def arm(self) -> str:
        """Name that all seeds of a trial share."""
        return f"{self.start}-{100 * self.share:g}"


def plan(seeds: Sequence[int], shares: Sequence[float], starts: Sequence[str] = STARTS) -> list[Trial]:
    """List all trials.

    They are the shipped recipe's seeds, the same from scratch, one teacher, and both starts at every share; as far as
    they begin as the starts say.
    """
    whole = [Trial(start=start, seed=seed) for start in ("student", "scratch") for seed in seeds]
    few = [Trial(start=start, share=share, seed=seed) for share in shares for start in ("student", "scratch")
           for seed in seeds]  # fmt: skip
    every = [*whole, Trial(start="teacher", seed=seeds[0]), *few]
    return [trial for trial in every if trial.start in starts]


def some_of(tracks: Sequence[Track], share: float, seed: int) -> list[Track]:
    """Choose a share of the tracks of every action, at least one of each."""
    if share == 1:
        return list(tracks)
    by_action: dict[str, list[Track]] = defaultdict(list)
    for track in tracks:
        by_action[track.action].append(track)
    rng = np.random.default_rng([seed, 11])
    chosen = []
    for _, mine in sorted(by_action.items()):
        ids = rng.permutation(len(mine))[: math.ceil(share * len(mine))]
        chosen += [mine[i] for i in sorted(ids.tolist())]
    return chosen


def recipe_of(trial: Trial, recipe: Recipe, few_epochs: int) -> Recipe:
    """Return the recipe of a trial.

    With few labels it takes fewer epochs, from either start.
    """
    epochs = recipe.epochs if trial.share == 1 else min(few_epochs, recipe.epochs)
    modalities = MODALITIES if trial.start == "teacher" else recipe.modalities
    return replace(recipe, seed=trial.seed, epochs=epochs, modalities=modalities)


def judge_trial(
    student: Student, groups: Mapping[str, Sequence[Track]], labels: tuple[str, ...], recipe: Recipe
) -> dict[str, float]:
    """Measure the top-1 of every group, in %."""
    return {
        title: round(accuracy(clip_scores(student, tracks, labels, recipe.window_s, recipe.frames), tracks, labels), 2)
        for title, tracks in groups.items() if tracks
    }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSettings:
    """Settings that all trials share.

    Attributes:
        tracks: all clips that train; a trial takes its share.
        labels: in the order of the logits.
        recipe: of the shipped model.
        few_epochs: epochs where labels are few.
        starts: whose encoders to begin with, by a trial's start; None begins at random.
        groups: clips that judge, by measure.
        out: folder of all trials; <trial>.json is kept, and read where it is there.
    """

    tracks: Sequence[Track]
    labels: tuple[str, ...]
    recipe: Recipe
    few_epochs: int
    starts: Mapping[str, Path | None]
    groups: Mapping[str, Sequence[Track]]
    out: Path

    def path(self, trial: Trial) -> Path:
        return self.out / f"{trial.name}.json"


def run_trials(
    trials: Sequence[Trial], setting: TrialSettings, workers: int, note: Callable[[str], None]
) -> list[TrialResult]:
    """Train and judge the trials that are not there yet, several at a time.

    The results of all trials are returned in order.

    Args:
        trials: which.
        setting: what they share.
        workers: processes; torch's threads are shared out between them.
        note: told a line an epoch.
    """
    import torch
    from tqdm import tqdm

    left = [trial for trial in trials if not setting.path(trial).exists()]
    threads = max(torch.get_num_threads() // workers, 1)
    with tqdm(total=len(trials), initial=len(trials) - len(left), desc="trials", unit="training") as bar:
        for _ in side_by_side(_run, left, workers, _begin, (setting, threads, note)):
            bar.update()
    held = (json.loads(setting.path(trial).read_text(encoding="utf-8")) for trial in trials)
    return [TrialResult.from_dict(one) for one in held]


_HERE: tuple[TrialSettings, Callable[[str], None]]


def _begin(setting: TrialSettings, threads: int, note: Callable[[str], None]) -> None:
    global _HERE
    import torch

    from models.system.memory import keep_freed_memory

    keep_freed_memory()
    torch.set_num_threads(threads)
    _HERE = setting, note


def _run(trial: Trial) -> None:
    setting, note = _HERE
    mine = some_of(setting.tracks, trial.share, trial.seed)
    recipe = recipe_of(trial, setting.recipe, setting.few_epochs)
    told = lambda line: note(f"{trial.name}: {line}")  # noqa: E731
    student, _ = train(mine, setting.labels, recipe, setting.out / trial.name, told, setting.starts[trial.start])
    result = TrialResult(
        arm=trial.arm,
        seed=trial.seed,
        labels=len(mine),
        epochs=recipe.epochs,
        top1=judge_trial(student, setting.groups, setting.labels, recipe),
    )
    write_json(setting.path(trial), result.to_dict(), indent=1)


def summary(results: Sequence[TrialResult]) -> list[ArmSummary]:
    """Summarise the results, a row an arm.

    A row holds the seeds, and mean and standard deviation of every measure, in %. The standard deviation is that of a
    sample (n - 1), None for one seed.
    """
    arms: dict[str, list[TrialResult]] = defaultdict(list)
    for result in results:
        arms[result.arm].append(result)
    rows = []
    for arm, mine in arms.items():
        values = {title: [one.top1[title] for one in mine] for title in mine[0].top1}
        row = ArmSummary(
            arm=arm,
            seeds=len(mine),
            labels=mine[0].labels,
            epochs=mine[0].epochs,
            mean={title: float(np.mean(some)) for title, some in values.items()},
            std={t: float(np.std(some, ddof=1)) if len(some) > 1 else None for t, some in values.items()},
        )
        rows.append(row)
    return rows
