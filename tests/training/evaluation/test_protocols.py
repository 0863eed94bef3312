"""Protocols: shares of the labels, sets of modalities, presets, fine-tuning and training from scratch."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from models.branches import Branches
from tests.training.evaluation.labelled import JMB, SHAPE, labelled_store
from training.config.schema import parse_modalities
from training.data.store import Store
from training.data.views import Views
from training.evaluation.features import features, only
from training.evaluation.finetune import ScratchConfig, TuneConfig, tune
from training.evaluation.knn import NearestConfig
from training.evaluation.linear import LinearConfig, train_heads
from training.evaluation.protocols import Judge, Labelled, check_subsets, make_config

QUICK = TuneConfig(epochs=2, batch=18, lr=0.2, warmup=0, schedule="cosine", views=Views(crop=0, shear=0))
LEARN = dataclasses.replace(QUICK, epochs=15, batch=6)


# Labels


def test_a_share_of_the_labels_is_balanced_and_grows(store: Store) -> None:
    clips = Labelled.of(store, "half")
    for fraction, each in ((0.01, 1), (0.1, 1), (0.2, 2), (0.5, 6), (1.0, 12)):
        ids = clips.share(fraction, seed=0)
        assert (np.bincount(store.label_N[ids]) == each).all() and np.isin(ids, clips.train_ids).all()
    assert set(clips.share(0.2, 3)) < set(clips.share(0.5, 3))
    assert set(clips.share(0.2, 3)) != set(clips.share(0.2, 4))
    for fraction in (0, -0.1, 1.5):
        with pytest.raises(ValueError, match="share of the labels"):
            clips.share(fraction, 0)


def test_a_class_with_few_clips_gives_all_it_has(tmp_path: Path) -> None:
    label = np.array([0] * 10 + [1] * 10 + [2] * 1 + [0, 1, 2])
    clips = Labelled.of(labelled_store(tmp_path, label, np.array([1] * 21 + [0] * 3)), "half")
    assert list(np.bincount(label[clips.share(0.5, 0)])) == [4, 4, 1]
    assert list(np.bincount(label[clips.share(1.0, 0)])) == [10, 10, 1] and clips.untested() == []


def test_actions_that_train_and_are_never_tested_are_known(tmp_path: Path) -> None:
    label, part = np.array([0, 1, 2, 0, -1]), np.array([1, 1, 1, 0, 0])
    assert Labelled.of(labelled_store(tmp_path, label, part), "half").untested() == ["b", "c"]


@pytest.mark.parametrize(
    ("label", "part", "message"),
    [
        ([0, 1, 0, 1], [1, 1, 1, 1], "no test clip with a label in its"),
        ([0, 1, 0, 1], [0, 0, -1, 0], "no training clip with a label in its"),
        ([-1, -1, 0, 1], [1, 1, 0, 0], "no training clip with a label in its"),
        ([0, 0, 0, 0], [1, 1, 0, 0], "one action alone"),
        ([0, 1, 2, 1], [1, 1, 0, 0], "no training clip of half shows c"),
    ],
)
def test_splits_that_cannot_be_judged_are_refused(label: list, part: list, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        Labelled.of(labelled_store(tmp_path, np.array(label), np.array(part)), "half")


def test_unlabelled_clips_are_left_out_and_counted(tmp_path: Path) -> None:
    clips = Labelled.of(labelled_store(tmp_path, np.array([0, -1, 1, 0, -1]), np.array([1, 1, 1, 0, 0])), "half")
    assert list(clips.train_ids) == [0, 2] and list(clips.test_ids) == [3] and clips.unlabelled == 2
    with pytest.raises(ValueError, match="it has half"):
        Labelled.of(clips.store, "xsub")


def test_subsets_are_each_alone_the_wanted_and_all() -> None:
    wanted = [parse_modalities("bj"), parse_modalities("mjb"), parse_modalities("m")]
    assert check_subsets(JMB, wanted) == [("joint",), ("motion",), ("bone",), ("joint", "bone"), JMB]
    assert check_subsets(("bone",), []) == [("bone",)]
    with pytest.raises(ValueError, match="wants angular"):
        check_subsets(JMB, [("joint", "angular")])


def test_presets_and_values() -> None:
    published = make_config("linear", preset="ikem")
    assert published == LinearConfig() and published.rate(79.9) == 3.0 and published.rate(80) == pytest.approx(0.3)
    assert make_config("linear") == make_config("linear", preset="mamp")  # nobody knows what trained the run
    assert make_config("semi", preset="paper").epochs == 60 and make_config("finetune").epochs == 70
    assert isinstance(make_config("semi", frozen=True), LinearConfig)
    assert make_config("knn", values={"k": 5}) == NearestConfig(k=5)
    small = make_config("scratch", preset="compact", values={"shape": {"dropout": 0.3}, "lr": 0.2})
    assert small.shape.dropout == 0.3 and small.shape.channels == (16, 32, 64, 128) and small.lr == 0.2
    for protocol, values, message in (
        ("svm", {}, "protocol must be one of"), ("knn", {"lr": 1.0}, "knn: there is no lr; there are k, precision"),
        ("linear", {"watch": 1}, "watch"), ("knn", {"k": 0}, "at least 1"),
        ("linear", {"lr": -1}, "lr must be positive; got -1"),
        ("finetune", {"precision": "fp16"}, "precision"), ("finetune", {"epochs": 3, "warmup": 3}, "warmup"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            make_config(protocol, values=values)
    with pytest.raises(ValueError, match="preset of linear must be one of ikem, cmd, mamp"):
        make_config("linear", preset="compact")
    with pytest.raises(ValueError, match="goes with semi"):
        make_config("linear", frozen=True)


# Training encoders


@pytest.mark.slow
def test_fine_tuning_learns_repeats_itself_and_leaves_the_run_alone(branches: Branches, store: Store) -> None:
    clips = Labelled.of(store, "half")
    before = {name: tensor.clone() for name, tensor in branches.state_dict().items()}
    joint = only(branches, ("joint",))
    args = (joint, store, clips.train_ids, clips.test_ids, [("joint",)], LEARN)
    first, again = (tune(*args, seed=0)["joint",] for _ in range(2))
    truth = store.label_N[clips.test_ids]
    assert (first.predicted_N == truth).mean() > 0.8 and first.best is None
    assert (first.predicted_N == again.predicted_N).all()
    assert all(torch.equal(before[name], tensor) for name, tensor in branches.state_dict().items())


def test_a_branch_learns_beside_others_what_it_learns_alone(branches: Branches, store: Store) -> None:
    clips = Labelled.of(store, "half")
    config = dataclasses.replace(LEARN, epochs=12)
    alone, beside = (
        tune(only(branches, names), store, clips.train_ids, clips.test_ids, [("joint",)], config, seed=1)["joint",]
        for names in (("joint",), ("joint", "bone"))
    )
    assert len(np.unique(alone.predicted_N)) > 1
    np.testing.assert_array_equal(alone.predicted_N, beside.predicted_N)


def test_watched_epochs_do_not_change_the_result(branches: Branches, store: Store) -> None:
    clips = Labelled.of(store, "half")
    plain, watched = (
        tune(branches, store, clips.train_ids, clips.test_ids, [JMB], dataclasses.replace(QUICK, watch=w), seed=0)[JMB]
        for w in (0, 1)
    )
    np.testing.assert_array_equal(plain.predicted_N, watched.predicted_N)
    last = 100 * (watched.predicted_N == store.label_N[clips.test_ids]).mean()
    assert watched.best >= last and 1 <= watched.best_epoch <= QUICK.epochs


def test_the_best_watched_epoch_is_remembered_and_is_not_the_result(
    branches: Branches, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = Labelled.of(store, "half")
    truth = torch.from_numpy(store.label_N[clips.test_ids])
    right, wrong = F.one_hot(truth, 3).float(), F.one_hot((truth + 1) % 3, 3).float()
    looks = iter(logits[:, None] for logits in (wrong, right, right, wrong))
    monkeypatch.setattr("training.evaluation.finetune._logits", lambda *args: next(looks))
    config = dataclasses.replace(QUICK, epochs=4, watch=1)
    joint = only(branches, ("joint",))
    answer = tune(joint, store, clips.train_ids[:4], clips.test_ids, [("joint",)], config, seed=0)["joint",]
    assert (answer.predicted_N != truth.numpy()).all() and (answer.best, answer.best_epoch) == (100, 2)


def test_scratch_starts_elsewhere_than_fine_tuning_and_by_its_seed(branches: Branches, store: Store) -> None:
    clips = Labelled.of(store, "half")
    scratch = Judge(clips, None, [JMB], ScratchConfig(epochs=1, warmup=0, shape=SHAPE))
    tuned = Judge(clips, branches, [JMB], QUICK)
    starts = [judge.start(seed).encoders["joint"].state_dict() for judge, seed in
              ((scratch, 0), (scratch, 0), (scratch, 1), (tuned, 0), (tuned, 1))]  # fmt: skip
    same = [all(torch.equal(a[name], b[name]) for name in a) for a, b in zip(starts[:-1], starts[1:], strict=True)]
    assert same == [True, False, False, True]


def test_frozen_protocols_judge_what_they_are_asked(branches: Branches, store: Store) -> None:
    clips = Labelled.of(store, "half")
    subsets = [("joint",), ("bone", "joint"), JMB]
    judge = Judge(clips, branches, subsets, LinearConfig(epochs=4))
    some = clips.share(0.3, 0)
    found = judge.answers(5, some)
    h = {part: features(branches, store, ids) for part, ids in (("train", some), ("test", clips.test_ids))}
    label, truth = (torch.from_numpy(store.label_N[ids]) for ids in (some, clips.test_ids))
    for subset, columns in zip(subsets, ([0], [2, 0], [0, 1, 2]), strict=True):
        expected = train_heads(h["train"][:, columns], label, h["test"][:, columns], truth, 3, judge.config, seed=5)
        np.testing.assert_array_equal(found[subset].predicted_N, expected.predicted_N)
