"""Training end to end on a toy: it learns, resumes to the same weights, and its files serve the app."""

import dataclasses

import numpy as np
import pytest

from training.data.tracks import Track
from training.drawing.motions import make_motion
from training.judging.judge import Verdict, judge, per_action, rates
from training.judging.rows import ActionRow
from training.supervised.augmentation import Augmentation
from training.supervised.recipe import Recipe
from training.supervised.train import train

torch = pytest.importorskip("torch")
LABELS = ("jumping_jack", "idle")
RECIPE = Recipe(epochs=2, windows=64, batch=16, augmentation=Augmentation())


def _tracks():
    tracks = []
    for seed in range(4):
        for action in LABELS:
            joints = make_motion(action, 2.5, 20.0, seed)
            seen = np.ones(joints.shape[:2], bool)
            tracks.append(Track(np.arange(50) / 20, joints, seen, action, "train", "motion", "raw"))
    return tracks


@pytest.mark.slow
def test_a_run_that_was_cut_off_goes_on_to_the_same_weights(tmp_path):
    whole, log = train(_tracks(), LABELS, RECIPE, tmp_path / "whole", lambda line: None)

    class Cut(Exception):
        pass

    def cut(line):
        raise Cut

    with pytest.raises(Cut):
        # the line is noted before the checkpoint is written, so the first epoch is lost and done again
        train(_tracks(), LABELS, RECIPE, tmp_path / "cut", cut)
    lines = []

    def cut_second(line):
        lines.append(line)
        if len(lines) == 2:
            raise Cut

    with pytest.raises(Cut):
        train(_tracks(), LABELS, RECIPE, tmp_path / "cut", cut_second)
    resumed, log_again = train(_tracks(), LABELS, RECIPE, tmp_path / "cut", lambda line: None)
    assert log == log_again
    for (name, a), b in zip(whole.state_dict().items(), resumed.state_dict().values()):
        assert torch.equal(a, b), name


@pytest.mark.slow
def test_another_recipe_does_not_take_up_the_checkpoint(tmp_path):
    quick = dataclasses.replace(RECIPE, epochs=1, windows=16)
    train(_tracks(), LABELS, quick, tmp_path, lambda line: None)
    with pytest.raises(ValueError, match="another recipe"):
        train(_tracks(), LABELS, dataclasses.replace(quick, lr=1e-3), tmp_path, lambda line: None)


def test_rates_and_rows():
    verdicts = [Verdict("a", ("a", "b", "c")), Verdict("a", ("b", "a", "c")), Verdict("b", ()), Verdict("c", ("c",))]
    assert rates(verdicts).to_dict() == {"clips": 4, "top1": 50.0, "top3": 75.0, "mean_per_action": 50.0}
    rows = {row.action: row for row in per_action(verdicts)}
    assert rows["a"] == ActionRow("a", 2, 50.0, 100.0, "b (1)") and rows["a"].to_dict()["taken for"] == "b (1)"


def test_the_stream_judges_a_track(shipped_model):
    verdict = judge(shipped_model, _tracks()[0])
    assert verdict.truth == "jumping_jack" and set(verdict.ranked) == set(shipped_model.labels)
