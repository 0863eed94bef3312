"""Fit of the gate for the unknown: a logistic regression of "an action of the list" on the embedding and the scores.

The direction in the embedding is fitted on windows that train. Their scores are too sure of themselves, so what the
gate adds up is weighed on held-out windows.

Shapes: N windows, C classes, D width of the embedding, K features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.labels import SILENT

if TYPE_CHECKING:
    from models.gate import Gate

RIDGES = (0.01, 0.03, 0.1, 0.3, 1.0)  # of which the held-out windows choose
STEPS = 200  # most iterations of a fit, which mostly takes 20 to 60
TINY = 1e-4  # ridge of the three numbers that held-out windows fit, so that separable ones stay finite


@dataclass(frozen=True, slots=True)
class GateFit:
    """The numbers of a gate (models.gate.Gate).

    Attributes:
        weight: of the log odds that the scores give an action.
        direction_D: in the embedding.
        bias: added to both.
    """

    weight: float
    direction_D: np.ndarray
    bias: float

    def odds(self, embedding_ND: np.ndarray, odds_N: np.ndarray) -> np.ndarray:
        """Return the gated log odds that a window shows an action, (N,)."""
        return self.weight * odds_N + embedding_ND @ self.direction_D + self.bias

    def gate(self, labels: Sequence[str]) -> Gate:
        """Return the gate of a student with these labels."""
        import torch

        from models.gate import Gate, said_labels

        gate = Gate(said_labels(labels), len(self.direction_D))
        gate.weight.fill_(self.weight)
        gate.direction_D.copy_(torch.from_numpy(self.direction_D))
        gate.bias.fill_(self.bias)
        return gate


def action_odds(logits_NC: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """Return the log odds of the labels that are said against those that are not, (N,).

    Args:
        logits_NC: fused logits, divided by the temperature.
        labels: of the columns.
    """
    said_C = np.array([label not in SILENT for label in labels])
    return np.logaddexp.reduce(logits_NC[:, said_C], 1) - np.logaddexp.reduce(logits_NC[:, ~said_C], 1)


def fit_gate(
    embedding_ND: np.ndarray, odds_N: np.ndarray | None, known_N: np.ndarray, weight_N: np.ndarray, ridge: float
) -> GateFit:
    """Fit a gate by logistic regression with a ridge on the standardised embedding's weights.

    Args:
        embedding_ND: of windows that train.
        odds_N: their log odds (`action_odds`); None leaves them out, and the weight is 0.
        known_N: bool, whether a window shows an action that is said.
        weight_N: of the windows; only their proportion counts.
        ridge: penalty on the squared weights of the standardised embedding, against the mean loss of a window.

    Raises:
        ValueError: all windows are known, or none.
    """
    import torch
    from torch.nn import functional as F

    _check(known_N)
    mean_D, spread_D = embedding_ND.mean(0), np.maximum(embedding_ND.std(0), 1e-6)
    x_ND = torch.from_numpy((embedding_ND - mean_D) / spread_D)
    odds = torch.from_numpy(np.zeros(len(known_N)) if odds_N is None else odds_N.astype(float))
    known, share = torch.from_numpy(known_N.astype(float)), torch.from_numpy(weight_N / weight_N.sum())
    direction = torch.zeros(x_ND.shape[1], dtype=torch.float64, requires_grad=True)
    two = torch.zeros(2, dtype=torch.float64, requires_grad=True)  # weight and bias
    optimiser = torch.optim.LBFGS(
        [direction, two], max_iter=STEPS, tolerance_grad=1e-7, tolerance_change=1e-10, line_search_fn="strong_wolfe"
    )

    def loss() -> float:
        optimiser.zero_grad()
        z_N = x_ND @ direction + two[0] * odds + two[1]
        each_N = F.binary_cross_entropy_with_logits(z_N, known, reduction="none")
        value = share @ each_N + 0.5 * ridge * direction @ direction + 0.5 * TINY * two[0] ** 2
        value.backward()
        return float(value.detach())

    optimiser.step(loss)
    direction_D = direction.detach().numpy() / spread_D
    weight, bias = two.tolist()
    return GateFit(weight, direction_D, bias - float(mean_D @ direction_D))


def calibrate_gate(
    fit: GateFit, embedding_ND: np.ndarray, odds_N: np.ndarray, known_N: np.ndarray, weight_N: np.ndarray
) -> GateFit:
    """Fit the weight, the bias and the length of the direction anew, on held-out windows.

    A feature that speaks against the known there is left out: weight and length are never negative.

    Args:
        fit: gate from windows that train.
        embedding_ND: of held-out windows.
        odds_N: their log odds (`action_odds`).
        known_N: bool, whether a window shows an action that is said.
        weight_N: of the windows; only their proportion counts.

    Raises:
        ValueError: all windows are known, or none.
    """
    _check(known_N)
    along_N = embedding_ND @ fit.direction_D
    kept = [0, 1]
    x_NK = np.stack([odds_N, along_N - along_N.mean()], 1)
    while True:
        some_K = _logistic(x_NK[:, kept], known_N, weight_N / weight_N.sum())
        against = [k for k, value in zip(kept, some_K[:-1], strict=True) if value < 0]
        if not against:
            break
        kept.remove(min(against, key=lambda k: some_K[kept.index(k)]))
    found = dict(zip(kept, some_K[:-1].tolist(), strict=True))
    weight, length = found.get(0, 0.0), found.get(1, 0.0)
    return GateFit(weight, length * fit.direction_D, float(some_K[-1]) - length * float(along_N.mean()))


def gate_loss(gated_N: np.ndarray, known_N: np.ndarray, weight_N: np.ndarray) -> float:
    """Return the mean negative log-likelihood of gated log odds."""
    return float(weight_N @ np.logaddexp(0, np.where(known_N, -gated_N, gated_N)) / weight_N.sum())


def _check(known_N: np.ndarray) -> None:
    if known_N.all() or not known_N.any():
        raise ValueError("a gate is fitted on windows of actions and on windows of none; give both")


def _logistic(x_NK: np.ndarray, known_N: np.ndarray, share_N: np.ndarray) -> np.ndarray:
    """Return weights and bias, (K + 1,), of a logistic regression, by Newton's method with halved steps."""
    x_NK = np.concatenate([x_NK, np.ones((len(x_NK), 1))], axis=1)
    penalty_K = np.array([TINY] * (x_NK.shape[1] - 1) + [0.0])
    loss = lambda w_K: gate_loss(x_NK @ w_K, known_N, share_N) + 0.5 * penalty_K @ w_K**2  # noqa: E731
    w_K = np.zeros(x_NK.shape[1])
    for _ in range(STEPS):
        open_N = 1 / (1 + np.exp(-np.clip(x_NK @ w_K, -500, 500)))
        slope_K = x_NK.T @ (share_N * (open_N - known_N)) + penalty_K * w_K
        bend_KK = (x_NK * (share_N * open_N * (1 - open_N))[:, None]).T @ x_NK + np.diag(penalty_K + 1e-12)
        step_K = np.linalg.solve(bend_KK, slope_K)
        while loss(w_K - step_K) > loss(w_K) and np.abs(step_K).max() > 1e-9:
            step_K = step_K / 2
        w_K = w_K - step_K
        if np.abs(step_K).max() < 1e-8:
            break
    return w_K
