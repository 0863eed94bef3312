"""Trainings beside the shipped one: which, of what, and what is kept of them."""

import functools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from models.modality_names import MODALITIES
from training.data.tracks import Track
from training.default.measured import TrialResult
from training.default.trials import Trial, TrialSettings, plan, recipe_of, run_trials, some_of, summary
from training.drawing.motions import make_motion
from training.supervised.recipe import Recipe

LABELS = ("wave", "squat", "idle")
motion = functools.cache(make_motion)  # many tests train on the same
TINY = Recipe(epochs=2, windows=8, batch=4, channels=(4, 8), strides=(2, 2))


def tracks(count: int = 12) -> list[Track]:
    some = []
    for seed in range(count):
        joints = motion(LABELS[seed % 3], 3.0, 15.0, seed)
        named = (LABELS[seed % 3], "train", "kard", "raw" if seed % 2 else "camera")
        some.append(Track(np.arange(len(joints)) / 15, joints, np.ones(joints.shape[:2], bool), *named))
    return some


def silent(line: str) -> None:
    """A note that other processes can be given."""


def setting(out: Path) -> TrialSettings:
    starts = dict.fromkeys(("scratch", "student", "teacher"))
    return TrialSettings(
        tracks=tracks(), labels=LABELS, recipe=TINY, few_epochs=1, starts=starts,
        groups={"seen": tracks(), "none": []}, out=out,
    )  # fmt: skip


def test_every_question_has_its_trials() -> None:
    trials = plan([0, 1, 2], [0.1])
    arms = Counter(trial.arm for trial in trials)
    assert arms == {"student-100": 3, "scratch-100": 3, "teacher-100": 1, "student-10": 3, "scratch-10": 3}
    assert len({trial.name for trial in trials}) == len(trials)
    assert [trial.name for trial in plan([0, 1], [0.1], ("student",))] == [
        "student-100-0", "student-100-1", "student-10-0", "student-10-1"
    ]  # fmt: skip


def test_a_share_holds_every_action() -> None:
    some = some_of(tracks(30), 0.2, 0)
    assert Counter(t.action for t in some) == {"wave": 2, "squat": 2, "idle": 2}
    assert Counter(t.action for t in some_of(tracks(30), 0.01, 0)) == dict.fromkeys(LABELS, 1)
    every = tracks()
    assert [id(t) for t in some_of(every, 1.0, 3)] == [id(t) for t in every]


def test_a_share_depends_on_the_seed_alone() -> None:
    every = tracks(60)
    ids = [[id(t) for t in some_of(every, 0.2, seed)] for seed in (4, 4, 5)]
    assert ids[0] == ids[1] != ids[2]


def test_both_starts_are_trained_alike() -> None:
    student, scratch = (recipe_of(Trial(start=start, share=0.1, seed=2), TINY, 1) for start in ("student", "scratch"))
    assert student == scratch and student.epochs == 1 and student.seed == 2
    assert recipe_of(Trial(share=1.0), TINY, 1).epochs == 2
    assert recipe_of(Trial(start="teacher"), TINY, 2).modalities == MODALITIES


def test_a_trial_is_run_once(tmp_path: Path) -> None:
    lines, trial = [], Trial(start="scratch", share=0.5)
    (first,) = run_trials([trial], setting(tmp_path), 1, lines.append)
    assert first.labels == 6 and first.epochs == 1 and list(first.top1) == ["seen"]
    assert 0 <= first.top1["seen"] <= 100 and lines[0].startswith("scratch-50-0: ")
    lines.clear()
    assert run_trials([trial], setting(tmp_path), 1, lines.append) == [first] and not lines
    assert json.loads((tmp_path / "scratch-50-0.json").read_text()) == first.to_dict()


@pytest.mark.slow
def test_trials_side_by_side_give_the_same(tmp_path: Path) -> None:
    trials = [Trial(start="scratch", share=0.5, seed=seed) for seed in (0, 1)]
    one = run_trials(trials, setting(tmp_path / "one"), 1, silent)
    two = run_trials(trials, setting(tmp_path / "two"), 2, silent)
    assert one == two and [result.seed for result in two] == [0, 1]


def test_a_teacher_has_six_branches(tmp_path: Path) -> None:
    import torch

    run_trials([Trial(start="teacher")], setting(tmp_path), 1, silent)

    held = torch.load(tmp_path / "teacher-100-0" / "checkpoint.pt", weights_only=True)["student"]
    assert {key.split(".")[1] for key in held if key.startswith("encoders")} == set(MODALITIES)


def test_mean_and_spread_over_seeds() -> None:
    results = [TrialResult("student-100", k, 9, 3, {"seen": value}) for k, value in enumerate((80.0, 82.0, 84.0))] + [
        TrialResult("teacher-100", 0, 9, 3, {"seen": 90.0})
    ]
    rows = summary(results)
    assert rows[0].seeds == 3 and rows[0].mean["seen"] == 82.0 and rows[0].std["seen"] == pytest.approx(2.0)
    assert rows[1].std["seen"] is None
