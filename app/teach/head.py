"""The head that names taught actions from the student's embedding: a ridge regression for each against everything else.

Everything else is the other actions' examples, the action's counter-examples and a background of everyday movement. The
background includes the model's own actions. If one of them is taught under the user's own name, it is left out of
everything else, because an action cannot be told from itself. The regression is solved in one step, in the few hundred
directions in which the background varies most, so an action is available as soon as it was shown. The command
`python -m training teaching` compares it with prototypes, nearest neighbours and others.

Shapes: E clips, W windows of a clip, N windows, B of the background, D width of the embedding, R directions of it,
M modalities, A actions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

RIDGE = 0.03
DIRECTIONS = 256  # number of the background's directions in which all is solved
FALSE_SHARE = 0.004  # share of the background's windows that may score above the lowest threshold
PASS = 0.1  # a threshold's place between there and the examples' own scores (each judged without itself)
SURE = 0.95  # least probability at an example's usual score
ONE_SHOT = 0.45  # share of an only example's score; every fourth further clip of the person reaches it
STEEP = 5.0  # least log odds for a unit of score; with less, all movement would look a little like the action
LEAST_SPAN = 0.1  # least distance from threshold to usual score, so that scores are graded
ALIKE = 0.75  # place between the background's usual score and the examples' from which it is the same action


@dataclass(frozen=True, slots=True)
class Head:
    """A head that scores taught actions from embeddings.

    Attributes:
        mean_D: mean of the background, which is the origin.
        weight_AD, bias_A: weights and bias of each action.
        threshold_A: score from which an action counts as done.
        usual_A: mean score of a clip of the action that the head has not seen; above the threshold.
    """

    mean_D: np.ndarray
    weight_AD: np.ndarray
    bias_A: np.ndarray
    threshold_A: np.ndarray
    usual_A: np.ndarray

    @property
    def is_vague(self) -> np.ndarray:
        """A mask (A,) of the actions whose examples hardly score above everyday movement."""
        return self.usual_A - self.threshold_A <= LEAST_SPAN * (1 - PASS) + 1e-6

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays by name."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def fits(self, actions: int, width: int) -> bool:
        """Return whether the shapes are those of a head of so many actions."""
        one = (actions,)
        return (
            self.mean_D.shape == (width,)
            and self.weight_AD.shape == (actions, width)
            and self.bias_A.shape == self.threshold_A.shape == self.usual_A.shape == one
            and bool((self.usual_A > self.threshold_A).all())
        )

    def logits(self, embedding_ND: np.ndarray, enter: float, modalities: int) -> tuple[np.ndarray, np.ndarray]:
        """Return how sure the head is of each action, as log odds; at an action's threshold they are those of `enter`.

        Args:
            embedding_ND: of windows.
            enter: the smoothed score from which an action begins.
            modalities: M, whose parts of the embedding lie side by side.

        Returns:
            The log odds (N, A), and those that each modality alone would give, (N, M, A).
        """
        x_NMD = features(embedding_ND, self.mean_D, modalities).reshape(len(embedding_ND), modalities, -1)
        parts_NMA = np.einsum("nmd,amd->nma", x_NMD, self.weight_AD.reshape(len(self.weight_AD), modalities, -1))
        low, high = _logit(enter), max(_logit(SURE), _logit(enter) + 1)
        slope_A = np.maximum((high - low) / (self.usual_A - self.threshold_A), STEEP)
        scale = lambda score: low + slope_A * (score + self.bias_A - self.threshold_A)  # noqa: E731
        return scale(parts_NMA.sum(1)), scale(modalities * parts_NMA)


def features(embedding_ND: np.ndarray, mean_D: np.ndarray, modalities: int) -> np.ndarray:
    """Return the features (N, D): each modality's part about the background's mean, at length 1 / sqrt(modalities)."""
    parts_NMD = (np.asarray(embedding_ND, np.float64) - mean_D).reshape(len(embedding_ND), modalities, -1)
    parts_NMD = parts_NMD / np.maximum(np.linalg.norm(parts_NMD, axis=-1, keepdims=True), 1e-6)
    return parts_NMD.reshape(len(parts_NMD), -1) / math.sqrt(modalities)


class Ridge:
    """A maker of heads against one background; what does not depend on the examples is computed once.

    Args:
        background_BD: embeddings of everyday movement.
        modalities: M.
        kind_B: a number for each window's kind of movement in the background; None if unknown.

    Attributes:
        mean_D: the origin of the features.
    """

    def __init__(self, background_BD: np.ndarray, modalities: int, kind_B: np.ndarray | None = None) -> None:
        self.mean_D = background_BD.mean(0, dtype=np.float64)
        self._modalities = modalities
        back_BD = features(background_BD, self.mean_D, modalities)
        self._basis_DR = _directions(back_BD)
        self._back_BR = back_BD @ self._basis_DR
        self._kind_B = np.full(len(background_BD), -1) if kind_B is None else kind_B
        self._whole = _Background(self._back_BR)

    def head(self, embedding_EWD: np.ndarray, action_E: np.ndarray, counter_E: np.ndarray) -> Head:
        """Fit a head for actions 0 to A - 1.

        Args:
            embedding_EWD: of the clips' windows.
            action_E: the action of each clip.
            counter_E: bool, whether the clip is a counter-example of that action.
        """
        x_EWR = self._features(embedding_EWD)
        rows = [self._row(x_EWR, action_E == a, counter_E) for a in range(int(action_E.max()) + 1)]
        return Head(self.mean_D, *(np.array(column) for column in zip(*rows, strict=True)))

    def weights(self, embedding_EWD: np.ndarray, action_E: np.ndarray) -> np.ndarray:
        """Return only weights and bias (A, D + 1), which suffice to find the best action."""
        x_EWR, nothing = self._features(embedding_EWD), np.zeros(len(action_E), bool)
        sides = [_sides(action_E == a, nothing) for a in range(int(action_E.max()) + 1)]
        weight_AX = np.stack([self._whole.solve(_flat(x_EWR, yes_E), _flat(x_EWR, no_E)) for yes_E, no_E in sides])
        return np.concatenate([weight_AX[:, :-1] @ self._basis_DR.T, weight_AX[:, -1:]], axis=1)

    def _features(self, embedding_EWD: np.ndarray) -> np.ndarray:
        E, W, D = embedding_EWD.shape
        x_ND = features(embedding_EWD.reshape(E * W, D), self.mean_D, self._modalities)
        return (x_ND @ self._basis_DR).reshape(E, W, -1)

    def _row(self, x_EWR: np.ndarray, mine_E: np.ndarray, counter_E: np.ndarray) -> tuple:
        """Return weights, bias, threshold and usual score of one action."""
        yes_E, no_E = _sides(mine_E, counter_E)
        fit = self._whole.fit(x_EWR, yes_E, no_E, mine_E)
        alike = self._alike(fit)
        if alike and (rest_B := ~np.isin(self._kind_B, alike)).any():
            fit = _Background(self._back_BR[rest_B]).fit(x_EWR, yes_E, no_E, mine_E)
        return self._basis_DR @ fit.weight_X[:-1], fit.weight_X[-1], fit.threshold, fit.usual

    def _alike(self, fit: _Fit) -> list[int]:
        """Return the kinds of background that score as the examples do, although they served as counter-examples."""
        kinds = np.unique(self._kind_B[self._kind_B >= 0]).tolist()
        nothing = float(np.median(fit.crossed_B))
        as_examples = nothing + ALIKE * (fit.seen - nothing)
        return [kind for kind in kinds if np.median(fit.crossed_B[self._kind_B == kind]) >= as_examples]


@dataclass(frozen=True, slots=True)
class _Fit:
    """The fit of one action against one background.

    Attributes:
        weight_X: weights and bias.
        threshold, usual: as in Head.
        seen: usual score before it was raised above the background's.
        crossed_B: scores of the background, each half by a head that was fitted without it.
    """

    weight_X: np.ndarray
    threshold: float
    usual: float
    seen: float
    crossed_B: np.ndarray


def _directions(x_BD: np.ndarray) -> np.ndarray:
    """Return orthonormal directions (D, R) in which features vary most: DIRECTIONS of them, or all that there are.

    They are found by random projection and power iteration (arXiv 0909.4061, section 4.5), because on busy cores the
    threads of an eigenvalue decomposition wait seconds for each other.
    """
    y_DR = x_BD.T @ np.random.default_rng(0).normal(size=(len(x_BD), min(DIRECTIONS, *x_BD.shape)))
    for _ in range(2):
        y_DR = np.linalg.qr(x_BD.T @ (x_BD @ y_DR))[0]
    return y_DR


class _Background:
    """The ridge regressions that share a background (B, R) of features."""

    def __init__(self, back_BR: np.ndarray) -> None:
        self.solve, self._halves = _Solver(back_BR), [_Solver(back_BR[i::2]) for i in (0, 1)]

    def fit(self, x_EWR: np.ndarray, yes_E: np.ndarray, no_E: np.ndarray, mine_E: np.ndarray) -> _Fit:
        """Fit one action, with threshold and usual score from scores of data that the head has not seen.

        The background is scored half by half, and each example in turn.
        """
        yes_NR, no_NR = _flat(x_EWR, yes_E), _flat(x_EWR, no_E)
        weight_X = self.solve(yes_NR, no_NR)
        first, second = self._halves
        crossed_B = np.empty(len(first.back_BX) + len(second.back_BX))
        crossed_B[0::2] = first.back_BX @ second(yes_NR, no_NR)
        crossed_B[1::2] = second.back_BX @ first(yes_NR, no_NR)
        false = float(np.quantile(crossed_B, 1 - FALSE_SHARE))
        counters_E = mine_E & no_E
        if counters_E.any():
            false = max(false, float((_with_one(_flat(x_EWR, counters_E)) @ weight_X).max()))
        seen = self._usual(weight_X, x_EWR, yes_E, no_NR)
        usual = max(seen, false + LEAST_SPAN)
        return _Fit(weight_X, false + PASS * (usual - false), usual, seen, crossed_B)

    def _usual(self, weight_X: np.ndarray, x_EWR: np.ndarray, yes_E: np.ndarray, no_NR: np.ndarray) -> float:
        places = np.flatnonzero(yes_E)
        if len(places) == 1:
            # One example does not tell how much the next ones will differ.
            return ONE_SHOT * float(np.median(_with_one(_flat(x_EWR, yes_E)) @ weight_X))
        unseen = []
        for e in places:
            others = places[places != e]
            unseen.append(np.median(_with_one(x_EWR[e]) @ self.solve(_flat(x_EWR, others), no_NR)))
        return float(np.mean(unseen))


def _sides(mine_E: np.ndarray, counter_E: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two masks (E,): the clips that show an action, and those that show what it is not.

    The latter are its counter-examples and the other actions' examples.
    """
    return mine_E & ~counter_E, (mine_E & counter_E) | (~mine_E & ~counter_E)


def _flat(x_EWR: np.ndarray, which: np.ndarray) -> np.ndarray:
    return x_EWR[which].reshape(-1, x_EWR.shape[-1])


class _Solver:
    """A solver of ridge regressions that share a background."""

    def __init__(self, back_BR: np.ndarray) -> None:
        self.back_BX = _with_one(back_BR)
        self._gram = self.back_BX.T @ self.back_BX / len(back_BR)
        self._mean = self.back_BX.mean(0)

    def __call__(self, yes_NR: np.ndarray, no_NR: np.ndarray) -> np.ndarray:
        """Return weights and bias (R + 1,), with target +1 on windows of the action and -1 on all others.

        The two kinds have the same weight.
        """
        yes_NX, no_NX = _with_one(yes_NR), _with_one(no_NR)
        share = 0.5 if len(no_NR) else 1.0  # weight of the background among the counter-examples
        gram = yes_NX.T @ yes_NX / len(yes_NR) + share * self._gram
        goal = yes_NX.mean(0) - share * self._mean
        if len(no_NR):
            gram += (1 - share) * no_NX.T @ no_NX / len(no_NR)
            goal -= (1 - share) * no_NX.mean(0)
        gram[np.diag_indices(gram.shape[0] - 1)] += RIDGE
        return np.linalg.solve(gram, goal)


def _with_one(x_NR: np.ndarray) -> np.ndarray:
    return np.concatenate([x_NR, np.ones((len(x_NR), 1))], axis=1)


def _logit(share: float) -> float:
    share = min(max(share, 1e-3), 1 - 1e-3)
    return math.log(share / (1 - share))
