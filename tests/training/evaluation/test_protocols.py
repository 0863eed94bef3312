"""Linear heads, nearest neighbours, shares of the labels, fine-tuning: against slow twins and known cases."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from models.branches import Branches
from models.shape import Shape
from models.skeleton import JOINTS
from training.config.schema import parse_modalities
from training.data.store import Store, write_store
from training.data.views import Views
from training.evaluation.features import features, only
from training.evaluation.finetune import ScratchConfig, TuneConfig, tune
from training.evaluation.knn import NearestConfig, nearest
from training.evaluation.linear import LINEAR_PRESETS, LinearConfig, train_heads
from training.evaluation.protocols import Judge, Labelled, check_subsets, make_config
from training.evaluation.ridge import ridge_scores

SHAPE = Shape(channels=(4, 8), strides=(2, 2), dropout=0.0)
JMB = ("joint", "motion", "bone")
QUICK = TuneConfig(epochs=2, batch=18, lr=0.2, warmup=0, schedule="cosine", views=Views(crop=0, shear=0))
LEARN = dataclasses.replace(QUICK, epochs=15, batch=6)


def _store(folder: Path, label: np.ndarray, part: np.ndarray, people: int = 1, labels: int = 3) -> Store:
    """Clips whose arms hang the lower, the higher their class; noise tells them apart otherwise."""
    rng = np.random.default_rng(0)
    clips = []
    for c in label:
        some = [rng.normal(0, 0.3, (50, 25, 3)) for _ in range(1 + rng.integers(people))]
        for person in some:
            person[:, 4:12, 1] += 0.8 * c
        clips.append(some)
    fields = {"label": label, "frames": rng.uniform(20, 80, len(label))}
    write_store(folder, clips, fields, tuple("abcdefgh"[:labels]), {"half": part}, "test")
    return Store(folder)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return _store(tmp_path_factory.mktemp("store"), np.arange(60) % 3, np.array([1] * 36 + [0] * 24), people=2)


@pytest.fixture
def branches() -> Branches:
    torch.manual_seed(0)
    return Branches(JMB, SHAPE, (8, 4))


def _clusters(clips: int, classes: int, seed: int, shuffled: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """h (N, 2, 5) that lies by its class, in both modalities, unless the labels are shuffled."""
    rng = np.random.default_rng(seed)
    label = np.arange(clips) % classes
    h = rng.normal(0, 0.1, (clips, 2, 5)) + np.eye(5)[label][:, None]
    return torch.tensor(h, dtype=torch.float32), torch.from_numpy(rng.permutation(label) if shuffled else label)


# Linear heads


@pytest.mark.parametrize("preset", LINEAR_PRESETS)
def test_separable_features_are_told_apart_by_every_preset(preset: str) -> None:
    (x, y), (test, truth) = _clusters(100, 5, 0), _clusters(50, 5, 1)
    answer = train_heads(x, y, test, truth, 5, make_config("linear", preset=preset), seed=0)
    assert (answer.predicted_N == truth.numpy()).all()


def test_shuffled_labels_stay_near_chance() -> None:
    (x, y), (test, truth) = _clusters(300, 5, 0, shuffled=True), _clusters(500, 5, 1)
    answer = train_heads(x, y, test, truth, 5, LinearConfig(epochs=20), seed=0)
    assert (answer.predicted_N == truth.numpy()).mean() < 0.45  # chance is 0.2; whole clusters get one label


@pytest.mark.parametrize("schedule", ["step", "cosine"])
@pytest.mark.parametrize(("modalities", "drop_last"), [(1, False), (2, False), (3, False), (2, True)])
def test_the_heads_of_a_subset_equal_their_slow_twin(modalities: int, schedule: str, drop_last: bool) -> None:
    rng = torch.Generator().manual_seed(7)
    x, test = torch.randn(23, modalities, 5, generator=rng), torch.randn(40, modalities, 5, generator=rng)
    y, truth = torch.arange(23) % 4, torch.arange(40) % 4
    config = LinearConfig(
        epochs=6, batch=5, lr=0.7, weight_decay=0.01, schedule=schedule, drop_at=(3, 5), warmup=2, drop_last=drop_last
    )
    steps = 4 if drop_last else 5  # three clips are left over
    answer = train_heads(x, y, test, truth, 4, config, seed=3)

    rng = torch.Generator().manual_seed(3)
    heads = [nn.Linear(5, 4) for _ in range(modalities)]
    start = torch.randn(modalities, 5, 4, generator=rng) * 0.02
    for m, head in enumerate(heads):
        head.weight.data, head.bias.data = start[m].T.clone(), torch.zeros(4)
    optimizer = torch.optim.SGD([p for h in heads for p in h.parameters()], 0.7, momentum=0.9, weight_decay=0.01)
    for epoch in range(6):
        order = torch.randperm(23, generator=rng)
        for step in range(steps):
            some, at = order[5 * step : 5 * step + 5], epoch + step / steps
            rate = {"step": 0.7 * 0.1 ** ((epoch >= 3) + (epoch >= 5)), "cosine": 0.35 * (1 + np.cos(np.pi * at / 6))}
            optimizer.param_groups[0]["lr"] = rate[schedule] if at >= 2 else 0.7 * (at + 1e-3) / 2
            logits = sum(head(x[some, m]) for m, head in enumerate(heads)) / modalities
            loss = F.cross_entropy(logits, y[some])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    expected = sum(head(test[:, m]) for m, head in enumerate(heads)).argmax(1)
    np.testing.assert_array_equal(answer.predicted_N, expected.numpy())


def test_fewer_clips_than_the_one_whole_batch_are_refused() -> None:
    x, y = _clusters(9, 3, 0)
    config = make_config("linear", preset="ikem", values={"batch": 10, "drop_last": True})
    with pytest.raises(ValueError, match="9 training clips make no batch of 10"):
        train_heads(x, y, x, y, 3, config, seed=0)


def test_standardised_features_do_not_care_for_their_scale() -> None:
    (x, y), (test, truth) = _clusters(60, 3, 0), _clusters(30, 3, 1)
    config = make_config("linear", preset="mamp", values={"epochs": 3, "batch": 59})  # a last batch of one clip
    small, large = (train_heads(s * x, y, s * test, truth, 3, config, seed=0) for s in (1, 1000))
    np.testing.assert_array_equal(small.predicted_N, large.predicted_N)


@pytest.mark.parametrize(("clips", "width"), [(40, 3), (9, 20)])
def test_ridge_heads_minimise_their_error(clips: int, width: int) -> None:
    """Against gradient descent on the same sum, more clips than features and fewer."""
    rng = torch.Generator().manual_seed(5)
    x, test = (torch.randn(n, width, generator=rng, dtype=torch.float64) * 3 + 1 for n in (clips, 7))
    y, penalty = torch.arange(clips) % 3, 0.02
    found = ridge_scores(x, y, test, 3, penalty)
    mean, std = x.mean(0), x.std(0, correction=0)
    x, test, truth = (x - mean) / std, (test - mean) / std, F.one_hot(y, 3).double()
    W, b = torch.zeros(width, 3, dtype=torch.float64, requires_grad=True), truth.mean(0).clone().requires_grad_()
    optimizer = torch.optim.LBFGS([W, b], max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-14)

    def error() -> torch.Tensor:
        optimizer.zero_grad()
        loss = (x @ W + b - truth).square().sum(1).mean() + penalty * width * W.square().sum()
        loss.backward()
        return loss

    optimizer.step(error)
    torch.testing.assert_close(found, (test @ W + b).detach(), rtol=1e-5, atol=1e-6)


def test_heads_may_read_where_and_when(store: Store, branches: Branches) -> None:
    ids = np.arange(20)
    found = features(branches, store, ids, batch=7, pooling="places").reshape(20, 3, 8, 10)
    batch = store.batch(ids, people=2)
    kept = batch.present_NP
    branches.eval()
    with torch.no_grad():
        x = branches.rows(batch.joints_NPTVC, batch.frames_N, kept)[1]
        maps_BHtV = branches.encoders["motion"].maps(x)
    of = kept.nonzero()[:, 0]
    alone = int((kept.sum(1) == 1).nonzero()[0])
    maps_HtV = maps_BHtV[of == alone][0]
    arm = [JOINTS.index(f"left_{n}") for n in ("shoulder", "elbow", "wrist", "hand", "tip", "thumb")]
    expected = [maps_HtV[..., arm].mean((1, 2)), maps_HtV.flatten(1).std(1, correction=0), maps_HtV.amax((1, 2))]
    for column, value in zip((1, 8, 9), expected, strict=True):
        torch.testing.assert_close(found[alone, 1, :, column], value, rtol=1e-4, atol=1e-7)
    both = int((kept.sum(1) == 2).nonzero()[0])
    mean = maps_BHtV[of == both].amax((2, 3)).mean(0)
    torch.testing.assert_close(found[both, 1, :, 9], mean, rtol=1e-4, atol=1e-7)
    judge = Judge(Labelled.of(store, "half"), branches, check_subsets(JMB, []),
                  make_config("linear", preset="ridge", values={"pooling": "places"}))  # fmt: skip
    assert judge.answers(0)[JMB].predicted_N.shape == (24,)
    with pytest.raises(ValueError, match="pooling must be one of mean, places"):
        make_config("linear", values={"pooling": "max"})


def test_ridge_heads_ignore_scales_seeds_and_dead_features() -> None:
    (x, y), (test, truth) = _clusters(60, 3, 0), _clusters(30, 3, 1)
    x[:, 0, 4], test[:, 0, 4] = 1.0, 9.0  # a feature that says nothing in training
    config = make_config("linear", preset="ridge")
    answers = [train_heads(s * x, y, s * test, truth, 3, config, seed).predicted_N for s, seed in ((1, 0), (100, 7))]
    np.testing.assert_array_equal(*answers)
    assert (answers[0] == truth.numpy()).all()


def test_the_last_epoch_is_the_result_and_the_best_stands_beside_it() -> None:
    x, y = _clusters(60, 2, 0)
    # The test clips contradict the training clips, so whatever is learned is wrong.
    answer = train_heads(x, y, x, 1 - y, 2, LinearConfig(epochs=30, lr=0.003), seed=4)
    last = 100 * (answer.predicted_N == (1 - y).numpy()).mean()
    assert last == 0 and answer.best > 0 and answer.best_epoch < 30


def test_a_seed_repeats_its_numbers_and_another_does_not() -> None:
    (x, y), (test, truth) = _clusters(30, 3, 0, shuffled=True), _clusters(500, 3, 1)
    test = test + torch.randn(test.shape, generator=torch.Generator().manual_seed(0))
    config = LinearConfig(epochs=3)
    first, again, other = (train_heads(x, y, test, truth, 3, config, seed).predicted_N for seed in (0, 0, 1))
    assert (first == again).all() and (first != other).any()


# Nearest neighbours


@pytest.mark.parametrize("k", [1, 2, 4])
def test_neighbours_equal_their_slow_twin(k: int) -> None:
    rng = np.random.default_rng(k)
    x, test, y = rng.normal(size=(17, 3, 4)), rng.normal(size=(29, 3, 4)), rng.integers(0, 3, 17)
    found = nearest(*(torch.tensor(a, dtype=t) for a, t in ((x, torch.float32), (y, torch.int64))),
                    torch.tensor(test, dtype=torch.float32), 3, k).predicted_N  # fmt: skip

    def unit(rows: np.ndarray) -> np.ndarray:
        return np.concatenate([row / np.linalg.norm(row) for row in rows])

    for clip, answer in zip(test, found, strict=True):
        similar = [unit(clip) @ unit(other) / 3 for other in x]
        near = np.argsort(similar)[::-1][:k]
        votes = [(sum(y[near] == c), sum(similar[i] for i in near if y[i] == c)) for c in range(3)]
        assert answer == max(range(3), key=lambda c: votes[c])


def test_more_neighbours_than_clips_are_refused() -> None:
    x, y = _clusters(4, 2, 0)
    with pytest.raises(ValueError, match="smaller --k"):
        nearest(x, y, x, 2, 5)


# Features


def test_features_are_of_eval_mode_and_leave_the_mode_alone(store: Store) -> None:
    branches = Branches(JMB, Shape(channels=(4, 8), strides=(2, 2), dropout=0.5), (8, 4)).train()
    ids = np.array([3, 40, 7, 8, 1])
    before = {name: tensor.clone() for name, tensor in branches.state_dict().items()}
    h_NMH = features(branches, store, ids, batch=2)
    assert branches.training and not h_NMH.requires_grad
    assert all(torch.equal(before[name], tensor) for name, tensor in branches.state_dict().items())
    branches.eval()
    for i, clip in enumerate(ids):
        one = store.batch([clip], people=2)
        with torch.no_grad():
            h_M1H = branches.encode(one.joints_NPTVC, one.frames_N, one.present_NP)
        torch.testing.assert_close(h_NMH[i], h_M1H[:, 0], rtol=1e-4, atol=1e-6)


def test_unmasked_people_do_not_make_h_depend_on_the_other_clips(store: Store) -> None:
    torch.manual_seed(0)
    branches = Branches(("joint",), Shape(channels=(4, 8), strides=(2, 2), mask_people=False), (8, 4))
    alone = np.flatnonzero(store.people_N == 1)[:3]
    together = np.append(alone, np.flatnonzero(store.people_N == 2)[:1])
    torch.testing.assert_close(features(branches, store, alone), features(branches, store, together)[:3])


def test_some_of_the_branches_are_the_same_branches(branches: Branches, store: Store) -> None:
    state = torch.get_rng_state()
    part = only(branches, ("bone", "joint"))
    assert torch.equal(state, torch.get_rng_state()) and part.names == ("bone", "joint")
    assert part.encoders["bone"] is branches.encoders["bone"] and len(branches.heads) == 3
    ids = np.arange(4)
    torch.testing.assert_close(features(part, store, ids), features(branches, store, ids)[:, [2, 0]])
    with pytest.raises(ValueError, match="no branch of angular"):
        only(branches, ("joint", "angular"))


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
    clips = Labelled.of(_store(tmp_path, label, np.array([1] * 21 + [0] * 3)), "half")
    assert list(np.bincount(label[clips.share(0.5, 0)])) == [4, 4, 1]
    assert list(np.bincount(label[clips.share(1.0, 0)])) == [10, 10, 1]


@pytest.mark.parametrize(
    ("label", "part", "message"),
    [
        ([0, 1, 0, 1], [1, 1, 1, 1], "no labelled test clip"),
        ([0, 1, 0, 1], [0, 0, -1, 0], "no labelled training clip"),
        ([-1, -1, 0, 1], [1, 1, 0, 0], "no labelled training clip"),
        ([0, 0, 0, 0], [1, 1, 0, 0], "one action alone"),
        ([0, 1, 2, 1], [1, 1, 0, 0], "no training clip of half shows c"),
    ],
)
def test_splits_that_cannot_be_judged_are_refused(label: list, part: list, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        Labelled.of(_store(tmp_path, np.array(label), np.array(part)), "half")


def test_unlabelled_clips_are_left_out_and_counted(tmp_path: Path) -> None:
    clips = Labelled.of(_store(tmp_path, np.array([0, -1, 1, 0, -1]), np.array([1, 1, 1, 0, 0])), "half")
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
        ("svm", {}, "protocol must be one of"), ("knn", {"lr": 1.0}, "has no lr; its keys are k, precision"),
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
