"""The head that taught actions get on the student's embedding: a ridge regression for each, against everything else.

Everything else is the other actions' examples, the action's counter-examples and a background of everyday movement.
Solved at once (a window's embedding has some hundred numbers), so an action is there as soon as it was shown. How it
compares with prototypes, nearest neighbours and others: `python -m training teaching`.

Shapes: E clips, W windows of a clip, N windows, B of the background, D width of the embedding, M modalities, A actions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

RIDGE = 0.3
FALSE_SHARE = 0.002  # of the background's windows may pass an action's threshold
PASS = 0.5  # and so much of the way from there to the examples' own scores (each judged without itself) must be gone
SURE = 0.95  # what an example's usual score is worth
LEAST_SPAN = 0.1  # between a threshold and the usual score: less would make a switch of it


@dataclass(frozen=True, slots=True)
class Head:
    """Scores of taught actions from embeddings.

    Attributes:
        mean_D: of the background; the origin.
        weight_AD, bias_A: of each action.
        threshold_A: score from which an action is done.
        usual_A: score of a clip of the action that the head has not seen, on average; above the threshold.
    """

    mean_D: np.ndarray
    weight_AD: np.ndarray
    bias_A: np.ndarray
    threshold_A: np.ndarray
    usual_A: np.ndarray

    @property
    def is_vague(self) -> np.ndarray:
        """(A,) bool: whether examples of an action hardly score above everyday movement."""
        return self.usual_A - self.threshold_A <= LEAST_SPAN * (1 - PASS) + 1e-6

    def arrays(self) -> dict[str, np.ndarray]:
        """By name."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def fits(self, actions: int, width: int) -> bool:
        """Whether the shapes are those of a head of so many actions."""
        one = (actions,)
        return (
            self.mean_D.shape == (width,)
            and self.weight_AD.shape == (actions, width)
            and self.bias_A.shape == self.threshold_A.shape == self.usual_A.shape == one
            and bool((self.usual_A > self.threshold_A).all())
        )

    def logits(self, embedding_ND: np.ndarray, enter: float, modalities: int) -> tuple[np.ndarray, np.ndarray]:
        """How sure the head is of each action, on the scale of log odds: at an action's threshold, those of `enter`.

        Args:
            embedding_ND: of windows.
            enter: the smoothed score from which the app takes an action up.
            modalities: M, whose parts of the embedding lie side by side.

        Returns:
            (N, A), and (N, M, A) what each modality alone would say.
        """
        x_NMD = features(embedding_ND, self.mean_D, modalities).reshape(len(embedding_ND), modalities, -1)
        parts_NMA = np.einsum("nmd,amd->nma", x_NMD, self.weight_AD.reshape(len(self.weight_AD), modalities, -1))
        low, high = _logit(enter), max(_logit(SURE), _logit(enter) + 1)
        slope_A = (high - low) / (self.usual_A - self.threshold_A)
        scale = lambda score: low + slope_A * (score + self.bias_A - self.threshold_A)  # noqa: E731
        return scale(parts_NMA.sum(1)), scale(modalities * parts_NMA)


def features(embedding_ND: np.ndarray, mean_D: np.ndarray, modalities: int) -> np.ndarray:
    """(N, D): each modality's part, seen from the background's mean, at length 1 / sqrt(modalities)."""
    parts_NMD = (np.asarray(embedding_ND, np.float64) - mean_D).reshape(len(embedding_ND), modalities, -1)
    parts_NMD = parts_NMD / np.maximum(np.linalg.norm(parts_NMD, axis=-1, keepdims=True), 1e-6)
    return parts_NMD.reshape(len(parts_NMD), -1) / math.sqrt(modalities)


def fit(
    embedding_EWD: np.ndarray, action_E: np.ndarray, counter_E: np.ndarray, background_BD: np.ndarray, modalities: int
) -> Head:
    """A head for actions 0 to A - 1.

    Args:
        embedding_EWD: of the clips' windows.
        action_E: what each clip is an example of.
        counter_E: bool, or a counter-example of.
        background_BD: embeddings of everyday movement.
        modalities: M.
    """
    mean_D = background_BD.mean(0, dtype=np.float64)
    E, W, D = embedding_EWD.shape
    x_EWD = features(embedding_EWD.reshape(E * W, D), mean_D, modalities).reshape(E, W, D)
    back_BD = features(background_BD, mean_D, modalities)
    judges, halves = _Solver(back_BD), [_Solver(back_BD[i::2]) for i in (0, 1)]
    rows = [_one(x_EWD, (action_E == a), counter_E, judges, halves) for a in range(int(action_E.max()) + 1)]
    weight_AD, bias_A, threshold_A, usual_A = (np.array(column) for column in zip(*rows, strict=True))
    return Head(mean_D, weight_AD, bias_A, threshold_A, usual_A)


class _Solver:
    """Ridge regressions that share a background."""

    def __init__(self, back_BD: np.ndarray) -> None:
        self.back_BX = _with_one(back_BD)
        self._gram = self.back_BX.T @ self.back_BX / len(back_BD)
        self._mean = self.back_BX.mean(0)

    def __call__(self, yes_ND: np.ndarray, no_ND: np.ndarray) -> np.ndarray:
        """(D + 1,) weights and bias: +1 on windows of the action, -1 on all others; the two kinds weigh the same."""
        yes_NX, no_NX = _with_one(yes_ND), _with_one(no_ND)
        share = 0.5 if len(no_ND) else 1.0  # of the background in what the action is not
        gram = yes_NX.T @ yes_NX / len(yes_ND) + share * self._gram
        goal = yes_NX.mean(0) - share * self._mean
        if len(no_ND):
            gram += (1 - share) * no_NX.T @ no_NX / len(no_ND)
            goal -= (1 - share) * no_NX.mean(0)
        gram[np.diag_indices(gram.shape[0] - 1)] += RIDGE
        return np.linalg.solve(gram, goal)


def _with_one(x_ND: np.ndarray) -> np.ndarray:
    return np.concatenate([x_ND, np.ones((len(x_ND), 1))], axis=1)


def _one(
    x_EWD: np.ndarray, mine_E: np.ndarray, counter_E: np.ndarray, solve: _Solver, halves: list[_Solver]
) -> tuple[np.ndarray, float, float, float]:
    """Weights, bias, threshold and usual score of one action."""
    D = x_EWD.shape[-1]
    yes_E, flat = mine_E & ~counter_E, lambda mask_E: x_EWD[mask_E].reshape(-1, D)
    no_E = (mine_E & counter_E) | (~mine_E & ~counter_E)
    no_ND = flat(no_E)
    w_X = solve(flat(yes_E), no_ND)
    # What the head says of what it has not seen: of the background, half by half, and of each example in turn.
    crossed = [_with_one(halves[1 - i].back_BX[:, :-1]) @ halves[i](flat(yes_E), no_ND) for i in (0, 1)]
    false = float(np.quantile(np.concatenate(crossed), 1 - FALSE_SHARE))
    if counter_E[mine_E].any():
        false = max(false, float((_with_one(flat(mine_E & counter_E)) @ w_X).max()))
    places = np.flatnonzero(yes_E)
    seen = _with_one(flat(yes_E)) @ w_X
    unseen = []
    for e in places if len(places) > 1 else ():
        others_E = yes_E.copy()
        others_E[e] = False
        unseen.append(np.median(_with_one(x_EWD[e]) @ solve(flat(others_E), no_ND)))
    # One example says nothing of how the next one will be: about two thirds of its own score, as seen on many.
    usual = float(np.mean(unseen)) if unseen else float(np.median(seen)) * 2 / 3
    usual = max(usual, false + LEAST_SPAN)
    return w_X[:-1], float(w_X[-1]), false + PASS * (usual - false), usual


def _logit(share: float) -> float:
    share = min(max(share, 1e-3), 1 - 1e-3)
    return math.log(share / (1 - share))
