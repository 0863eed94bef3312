"""The gate's fit on toys whose right answers are known."""

import numpy as np
import pytest
import torch

from models.labels import SILENT
from training.supervised.calibration import auroc, even_over, softmax
from training.supervised.gate import GateFit, action_odds, calibrate_gate, fit_gate, gate_loss

LABELS = ("wave", "squat", *SILENT)
D = 12


def toy(seed: int, n: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embedding (N, D), far from 0 and of unlike spreads; log odds that say a little; and who is known."""
    rng = np.random.default_rng(seed)
    known_N = rng.random(n) < 0.5
    x_ND = rng.normal(size=(n, D))
    x_ND[:, 0] += np.where(known_N, 1.0, -1.0)
    x_ND[:, 1] -= np.where(known_N, 1.0, -1.0)
    odds_N = rng.normal(size=n) + np.where(known_N, 0.7, -0.7) + 3  # too sure
    return x_ND * np.geomspace(0.01, 100, D) + 50, odds_N, known_N


EVEN = np.ones(600)


def test_even_over() -> None:
    weight = even_over([("a", 1), ("a", 1), ("b", 1), ("a", 0)])
    assert weight.tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 3, 1 / 3])


def test_odds_are_those_of_the_share_of_the_actions() -> None:
    logits = np.random.default_rng(0).normal(size=(20, 4))
    share = softmax(logits)[:, :2].sum(1)
    np.testing.assert_allclose(action_odds(logits, LABELS), np.log(share / (1 - share)))
    assert action_odds(np.array([[900.0, 0, -900, -900]]), LABELS) == pytest.approx(1800, abs=1)


def test_the_gate_tells_what_the_odds_do_not() -> None:
    taught, held, new = toy(0), toy(1), toy(2)
    fit = fit_gate(taught[0], None, taught[2], EVEN, ridge=0.01)
    assert fit.weight == pytest.approx(0)
    fit = calibrate_gate(fit, *held, EVEN)
    gated = fit.odds(new[0], new[1])
    assert auroc(gated[new[2]], gated[~new[2]]) > 0.95 > 0.9 > auroc(new[1][new[2]], new[1][~new[2]])
    assert gate_loss(gated, new[2], EVEN) < 0.5 * gate_loss(new[1], new[2], EVEN)
    assert fit.weight == pytest.approx(1.4, abs=0.4)  # what the toy's odds are worth: 2 x 0.7


def test_windows_that_are_told_apart_wholly_stay_finite() -> None:
    x_ND, odds_N, known_N = toy(3)
    x_ND[:, 0] = np.where(known_N, 1.0, -1.0)
    fit = calibrate_gate(fit_gate(x_ND, odds_N, known_N, EVEN, ridge=0.1), x_ND, odds_N, known_N, EVEN)
    gated = fit.odds(x_ND, odds_N)
    assert np.isfinite(gated).all() and ((gated > 0) == known_N).all()


def test_a_ridge_without_end_leaves_the_odds_alone() -> None:
    x_ND, odds_N, known_N = toy(4)
    fit = fit_gate(x_ND, odds_N, known_N, EVEN, ridge=1e6)
    assert np.abs((x_ND - x_ND.mean(0)) @ fit.direction_D).max() < 1e-3
    assert fit.weight == pytest.approx(1.4, abs=0.3) and fit.bias == pytest.approx(-3 * fit.weight, abs=0.5)


def test_a_direction_that_misleads_the_held_out_is_dropped() -> None:
    x_ND, odds_N, known_N = toy(5)
    wrong = GateFit(0.0, -fit_gate(x_ND, None, known_N, EVEN, 0.01).direction_D, 0.0)
    fit = calibrate_gate(wrong, x_ND, odds_N, known_N, EVEN)
    assert not fit.direction_D.any() and fit.weight > 0.5
    fit = calibrate_gate(wrong, x_ND, -odds_N, known_N, EVEN)
    assert not fit.direction_D.any() and fit.weight == 0 and fit.bias == pytest.approx(0, abs=0.2)


def test_weights_count() -> None:
    x_ND, odds_N, known_N = toy(6)
    twice = [np.concatenate([x, x[known_N]]) for x in (x_ND, odds_N, known_N)]
    heavy = fit_gate(x_ND, odds_N, known_N, np.where(known_N, 2.0, 1.0), 0.1)
    light = fit_gate(x_ND, odds_N, known_N, EVEN, 0.1)
    assert heavy.bias > light.bias + 0.3
    again = calibrate_gate(heavy, *twice, np.ones(len(twice[0])))
    same = calibrate_gate(heavy, x_ND, odds_N, known_N, np.where(known_N, 2.0, 1.0))
    assert again.weight == pytest.approx(same.weight) and again.bias == pytest.approx(same.bias)


@pytest.mark.parametrize("known", [True, False])
def test_one_kind_alone_is_refused(known: bool) -> None:
    x_ND, odds_N, _ = toy(7)
    one = np.full(600, known)
    with pytest.raises(ValueError, match="give both"):
        fit_gate(x_ND, odds_N, one, EVEN, 0.1)
    with pytest.raises(ValueError, match="give both"):
        calibrate_gate(GateFit(1.0, np.zeros(D), 0.0), x_ND, odds_N, one, EVEN)


def test_the_model_file_computes_the_fit() -> None:
    x_ND, _, known_N = toy(8)
    fit = fit_gate(x_ND, None, known_N, EVEN, 0.1)
    logits = np.random.default_rng(1).normal(size=(600, 4)) * 3
    gated = fit.gate(LABELS)(torch.from_numpy(logits).float(), torch.from_numpy(x_ND).float()).numpy()
    k = 1 / (1 + np.exp(-fit.odds(x_ND, action_odds(logits, LABELS))))
    np.testing.assert_allclose(gated[:, :2].sum(1), k, atol=1e-3)
