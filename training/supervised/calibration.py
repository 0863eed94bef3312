"""Calibration of a trained model's scores: temperature, fusion, thresholds, and measures of telling the unknown.

Everything here is fitted on held-out clips that choose (val), never on those that report.

Shapes: N windows, M modalities, C classes, B bins, D width of the embedding.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

from models.thresholds import Thresholds

TEMPERATURES = np.exp(np.linspace(np.log(0.2), np.log(5.0), 80))
FUSION_STEP = 0.1  # of the simplex on which fusion weights are looked for
LEAVE = 0.6  # an action ends below this share of the score on which it is entered


def softmax(logits_NC: np.ndarray) -> np.ndarray:
    """Compute the softmax along the last axis."""
    e_NC = np.exp(logits_NC - logits_NC.max(-1, keepdims=True))
    return e_NC / e_NC.sum(-1, keepdims=True)


def even_weights(label_N: np.ndarray) -> np.ndarray:
    """Return (N,) weights that sum to 1 and give every label the same sum."""
    count_C = np.bincount(label_N)
    return 1.0 / (count_C[label_N] * (count_C > 0).sum())


def even_over(groups: Sequence[Hashable]) -> np.ndarray:
    """Return (N,) weights that sum to 1 and give every group the same sum."""
    count = Counter(groups)
    return np.array([1.0 / (count[group] * len(count)) for group in groups])


def log_loss(logits_NC: np.ndarray, label_N: np.ndarray, weight_N: np.ndarray | None = None) -> float:
    """Compute the mean negative log-likelihood, by weights that sum to 1; without them every label counts the same."""
    peak_N1 = logits_NC.max(1, keepdims=True)
    log_N = np.log(np.exp(logits_NC - peak_N1).sum(1)) + peak_N1[:, 0]
    weight_N = even_weights(label_N) if weight_N is None else weight_N
    return float(weight_N @ (log_N - logits_NC[np.arange(len(label_N)), label_N]))


def fit_temperature(logits_NC: np.ndarray, label_N: np.ndarray, weight_N: np.ndarray | None = None) -> float:
    """Return the temperature of TEMPERATURES that gives the least `log_loss`."""
    losses = [log_loss(logits_NC / t, label_N, weight_N) for t in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 3)


def fit_fusion(logits_NMC: np.ndarray, label_N: np.ndarray, weight_N: np.ndarray | None = None) -> tuple[float, ...]:
    """Fit the weights of the modalities to the least `log_loss`, in steps of FUSION_STEP.

    Each set of weights is judged at its own best temperature.
    """
    steps = round(1 / FUSION_STEP)
    M = logits_NMC.shape[1]
    best, chosen = np.inf, (1 / M,) * M
    for parts in itertools.product(range(steps + 1), repeat=M - 1):
        if sum(parts) > steps:
            continue
        weight_M = np.array([*parts, steps - sum(parts)]) / steps
        mean_NC = np.einsum("nmc,m->nc", logits_NMC, weight_M)
        loss = min(log_loss(mean_NC / t, label_N, weight_N) for t in TEMPERATURES[::4])
        if loss < best:
            best, chosen = loss, tuple(round(float(w), 6) for w in weight_M)
    return chosen


def calibration_error(scores_NC: np.ndarray, label_N: np.ndarray, bins: int = 15) -> float:
    """Compute the expected calibration error of the best label's score, in [0, 1] (arXiv 1706.04599, section 2).

    Bins are of equal width.
    """
    sure_N, right_N = scores_NC.max(1), scores_NC.argmax(1) == label_N
    bin_N = np.minimum((sure_N * bins).astype(int), bins - 1)
    gaps = [abs(sure_N[bin_N == b].sum() - right_N[bin_N == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(label_N))


def fit_thresholds(quiet: Sequence[tuple[np.ndarray, float]], silent: Sequence[int]) -> Thresholds:
    """Fit the scores above which an action is entered and below which it is left.

    Windows without an action pass the entry no more often than they may. The score to leave is a share LEAVE of that to
    enter.

    Args:
        quiet: for each kind of windows without an action: their scores (N, C), and the share of them that may pass.
        silent: columns that are never said (idle, other).
    """
    said = np.setdiff1d(np.arange(quiet[0][0].shape[1]), silent)
    least = [float(np.quantile(scores_NC[:, said].max(1), 1 - share)) for scores_NC, share in quiet]
    enter = float(np.clip(max(least), 0.3, 0.9))
    return Thresholds(enter=round(enter, 3), leave=round(LEAVE * enter, 3))


def auroc(known_N: np.ndarray, unknown_N: np.ndarray) -> float:
    """Return the chance that a known one scores above an unknown one, in [0, 1].

    Ties count half.
    """
    order_N = np.sort(unknown_N)
    below_N = np.searchsorted(order_N, known_N, "left")
    upto_N = np.searchsorted(order_N, known_N, "right")
    return float((below_N + upto_N).mean() / (2 * len(unknown_N)))


def false_alarms_at(known_N: np.ndarray, unknown_N: np.ndarray, kept: float = 0.95) -> float:
    """Return the share of the unknown that scores at least what `kept` of the known do."""
    threshold = np.quantile(known_N, 1 - kept)
    return float((unknown_N >= threshold).mean())


def energy(logits_NC: np.ndarray, said: Sequence[int]) -> np.ndarray:
    """Return the negated free energy of the classes that are said, (N,), high where known (arXiv 2010.03759)."""
    part_NC = logits_NC[:, list(said)]
    peak_N1 = part_NC.max(1, keepdims=True)
    return np.log(np.exp(part_NC - peak_N1).sum(1)) + peak_N1[:, 0]


class FeatureDistance:
    """Closeness to the nearest training class in the embedding (arXiv 1807.03888: Mahalanobis, one covariance).

    Args:
        embedding_ND: of training windows.
        label_N: their labels.
    """

    def __init__(self, embedding_ND: np.ndarray, label_N: np.ndarray) -> None:
        self._mean_CD = np.stack([embedding_ND[label_N == c].mean(0) for c in np.unique(label_N)])
        rest_ND = embedding_ND - self._mean_CD[np.searchsorted(np.unique(label_N), label_N)]
        covariance_DD = rest_ND.T @ rest_ND / len(rest_ND)
        trace = np.trace(covariance_DD) / len(covariance_DD)
        self._inverse_DD = np.linalg.inv(covariance_DD + 0.05 * trace * np.eye(len(covariance_DD)))

    def __call__(self, embedding_ND: np.ndarray) -> np.ndarray:
        """Return the closeness of each window, (N,), high where known."""
        rest_NCD = embedding_ND[:, None] - self._mean_CD
        return -np.einsum("ncd,de,nce->nc", rest_NCD, self._inverse_DD, rest_NCD, optimize=True).min(1)
