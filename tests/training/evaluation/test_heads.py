"""Linear heads and nearest neighbours: against slow twins and known cases."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from training.evaluation.knn import nearest
from training.evaluation.linear import LINEAR_PRESETS, LinearConfig, train_heads
from training.evaluation.protocols import make_config
from training.evaluation.ridge import ridge_scores


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


def test_a_power_evens_out_the_features() -> None:
    rng = torch.Generator().manual_seed(3)
    x, test = (torch.randn(n, 2, 5, generator=rng) ** 3 for n in (60, 400))  # both signs, and rarely strong
    y, truth = torch.arange(60) % 3, torch.arange(400) % 3
    for preset in ("ridge", "mamp"):
        config = make_config("linear", preset=preset, values={"power": 0.5})
        plain = make_config("linear", preset=preset)
        signed_x, signed_test = (h.sign() * h.abs().sqrt() for h in (x, test))
        roots, of_roots, without = (
            train_heads(*told, truth, 3, how, 0).predicted_N
            for told, how in (
                ((x, y, test), config), ((signed_x, y, signed_test), plain), ((x, y, test), plain)
            )
        )  # fmt: skip
        np.testing.assert_array_equal(roots, of_roots)
        assert (roots != without).any()
    for power in (0, 1.5):
        with pytest.raises(ValueError, match="power must be above 0 and at most 1"):
            make_config("linear", values={"power": power})


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
