"""Calibration on toys whose right answers are known."""

import numpy as np
import pytest

from training.supervised.calibration import (
    FeatureDistance,
    auroc,
    calibration_error,
    energy,
    even_weights,
    false_alarms_at,
    fit_fusion,
    fit_temperature,
    fit_thresholds,
    log_loss,
    softmax,
)


def toy(rng: np.random.Generator, n: int = 4000, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose softmax at temperature 1 is the truth's distribution."""
    logits = rng.normal(0, 2, (n, classes))
    label = np.array([rng.choice(classes, p=p) for p in softmax(logits)])
    return logits, label


def test_weights_even_the_labels() -> None:
    label = np.array([0, 0, 0, 2])
    weight = even_weights(label)
    assert weight.sum() == pytest.approx(1) and weight[:3].sum() == pytest.approx(weight[3])


def test_log_loss_of_a_coin_and_of_certainty() -> None:
    assert log_loss(np.zeros((4, 2)), np.array([0, 1, 1, 1])) == pytest.approx(np.log(2))
    assert log_loss(np.array([[500.0, 0.0]]), np.array([0])) == pytest.approx(0)
    assert log_loss(np.array([[500.0, 0.0]]), np.array([1])) == pytest.approx(500)


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_the_temperature_is_found(true: float) -> None:
    logits, label = toy(np.random.default_rng(0))
    assert fit_temperature(logits * true, label) == pytest.approx(true, rel=0.1)


def test_calibration_error_falls_with_the_right_temperature() -> None:
    logits, label = toy(np.random.default_rng(1))
    assert calibration_error(softmax(logits), label) < 0.03 < 0.1 < calibration_error(softmax(logits * 4), label)
    sure = np.array([[1.0, 0.0]] * 4)
    assert calibration_error(sure, np.array([0, 0, 1, 1])) == pytest.approx(0.5)


def test_fusion_leaves_out_what_says_nothing() -> None:
    rng = np.random.default_rng(2)
    logits, label = toy(rng)
    noise = rng.normal(0, 2, logits.shape)
    weights = fit_fusion(np.stack([noise, logits, logits], 1), label)
    assert weights[0] == 0 and sum(weights) == pytest.approx(1)
    assert fit_fusion(logits[:, None], label) == (1.0,)


def test_thresholds_pass_the_share_that_was_asked_for() -> None:
    scores = np.random.default_rng(3).dirichlet(np.ones(4) * 0.5, 5000)
    thresholds = fit_thresholds([(scores[:3000], 0.05), (scores[3000:], 0.25)], [3])
    assert (scores[:3000, :3].max(1) > thresholds["enter"]).mean() == pytest.approx(0.05, abs=0.01)
    assert (scores[3000:, :3].max(1) > thresholds["enter"]).mean() < 0.25  # the stricter share decides
    assert thresholds["leave"] == pytest.approx(0.6 * thresholds["enter"], abs=1e-3)
    silent = np.zeros((10, 4))
    silent[:, 3] = 1
    assert fit_thresholds([(silent, 0.05)], [3])["enter"] == 0.3  # never so low that a guess passes


def test_auroc_against_the_slow_way() -> None:
    rng = np.random.default_rng(4)
    known, unknown = rng.integers(0, 6, 40).astype(float), rng.integers(-2, 5, 30).astype(float)
    slow = np.mean([(k > u) + 0.5 * (k == u) for k in known for u in unknown])
    assert auroc(known, unknown) == pytest.approx(slow)
    assert auroc(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1.0


def test_false_alarms_where_most_of_the_known_pass() -> None:
    known, unknown = np.arange(100.0), np.arange(100.0) - 50
    assert false_alarms_at(known, unknown) == pytest.approx(0.45, abs=0.01)
    assert false_alarms_at(known, known - 1000) == 0


def test_energy_counts_what_is_said_alone() -> None:
    logits = np.array([[1.0, 2.0, 900.0], [3.0, 3.0, -900.0]])
    assert energy(logits, [0, 1]) == pytest.approx([np.log(np.e + np.e**2), 3 + np.log(2)])


def test_far_features_are_unknown() -> None:
    rng = np.random.default_rng(5)
    mean = np.array([[0, 0, 0], [8, 0, 0]])
    label = rng.integers(0, 2, 400)
    spread = np.array([1.0, 1.0, 0.1])
    score = FeatureDistance(mean[label] + rng.normal(size=(400, 3)) * spread, label)
    known, unknown = score(mean[[0, 1]].astype(float)), score(np.array([[4.0, 0, 0], [0, 0, 3.0]]))
    assert known.min() > unknown.max()
    assert unknown[1] < unknown[0]  # three metres across the thin axis are farther than four along the wide one
