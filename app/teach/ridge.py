"""The ridge regressions that make heads: a fit for each action against a background of everyday movement.

Threshold and usual score come from scores of data that the fit has not seen. The background is scored half by half, and
each example by the others.

Shapes: E clips, W windows of a clip, N windows, B of the background, D width of the embedding, R directions of it,
X directions and one, A actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.teach.head import LEAST_SPAN, PASS, Head, features

RIDGE = 0.03
DIRECTIONS = 256  # number of the background's directions in which all is solved
FALSE_SHARE = 0.004  # share of the background's windows that may score above the lowest threshold
ONE_SHOT = 0.45  # share of an only example's score; every fourth further clip of the person reaches it
ALIKE = 0.75  # place between the background's usual score and the examples' from which it is the same action


class Ridge:
    """A maker of heads against one background; what does not depend on the examples is computed once.

    Args:
        background_BD: embeddings of everyday movement.
        modalities: M.
        kind_B: a number for each window's kind of movement in the background; None if unknown.

    Attributes:
        mean_D: the origin of the features.
        basis_DR: the directions in which all is solved.
        back_BR: the background's features along them.
    """

    def __init__(self, background_BD: np.ndarray, modalities: int, kind_B: np.ndarray | None = None) -> None:
        self.mean_D = background_BD.mean(0, dtype=np.float64)
        self._modalities = modalities
        back_BD = features(background_BD, self.mean_D, modalities)
        self.basis_DR = _directions(back_BD)
        self.back_BR = back_BD @ self.basis_DR
        self._kind_B = np.full(len(background_BD), -1) if kind_B is None else kind_B
        self._whole = _Background(self.back_BR)

    def head(
        self,
        embedding_EWD: np.ndarray,
        action_E: np.ndarray,
        counter_E: np.ndarray,
        own: Mapping[int, Sequence[int]] | None = None,
    ) -> Head:
        """Fit a head for actions 0 to A - 1.

        Args:
            embedding_EWD: of the clips' windows.
            action_E: the action of each clip.
            counter_E: bool, whether the clip is a counter-example of that action, or of all (action -1).
            own: the kinds of background that show an action, for those actions that correct one of the model's own.
        """
        x_EWR = self._features(embedding_EWD)
        fits = [
            self._settled(x_EWR, _about(a, action_E), counter_E, (own or {}).get(a))[0]
            for a in range(int(action_E.max()) + 1)
        ]
        rows = [(self.basis_DR @ fit.weight_X[:-1], fit.weight_X[-1], fit.threshold, fit.usual) for fit in fits]
        return Head(self.mean_D, *(np.array(column) for column in zip(*rows, strict=True)))

    def judge(
        self,
        embedding_EWD: np.ndarray,
        action_E: np.ndarray,
        counter_E: np.ndarray,
        action: int,
        own: Sequence[int] | None = None,
    ) -> Judged:
        """Judge the examples of one action: each by the others, and by the kinds of background that are near.

        Args:
            embedding_EWD, action_E, counter_E: as for `head`.
            action: its number.
            own: as for `head`, of this action.
        """
        x_EWR = self._features(embedding_EWD)
        fit, first = self._settled(x_EWR, _about(action, action_E), counter_E, own)
        yes_E = (action_E == action) & ~counter_E
        known = [float(np.median(_with_one(x_WR) @ fit.weight_X)) for x_WR in x_EWR[yes_E]]
        return Judged(fit.unseen, np.array(known), fit.threshold, {} if own is not None else self._places(first))

    def weights(self, embedding_EWD: np.ndarray, action_E: np.ndarray) -> np.ndarray:
        """Return only weights and bias (A, D + 1), which suffice to find the best action."""
        x_EWR, nothing = self._features(embedding_EWD), np.zeros(len(action_E), bool)
        sides = [_sides(action_E == a, nothing) for a in range(int(action_E.max()) + 1)]
        weight_AX = np.stack([self._whole.solve(_flat(x_EWR, yes_E), _flat(x_EWR, no_E)) for yes_E, no_E in sides])
        return np.concatenate([weight_AX[:, :-1] @ self.basis_DR.T, weight_AX[:, -1:]], axis=1)

    def _features(self, embedding_EWD: np.ndarray) -> np.ndarray:
        E, W, D = embedding_EWD.shape
        x_ND = features(embedding_EWD.reshape(E * W, D), self.mean_D, self._modalities)
        return (x_ND @ self.basis_DR).reshape(E, W, -1)

    def _settled(
        self, x_EWR: np.ndarray, mine_E: np.ndarray, counter_E: np.ndarray, own: Sequence[int] | None
    ) -> tuple[_Fit, _Fit]:
        """Return the fit of one action without the kinds of background that show it, and that against all of it.

        Where the action is one of the model's own, these kinds are known; else they are those that score as the
        examples do, although they served as counter-examples.
        """
        yes_E, no_E = _sides(mine_E, counter_E)
        first = self._whole.fit(x_EWR, yes_E, no_E, mine_E)
        if own is None:
            alike: Sequence[int] = [kind for kind, place in self._places(first).items() if place >= ALIKE]
        else:
            alike = own
        rest_B = ~np.isin(self._kind_B, alike)
        if rest_B.all() or rest_B.sum() < 2:
            return first, first
        return _Background(self.back_BR[rest_B]).fit(x_EWR, yes_E, no_E, mine_E), first

    def _places(self, fit: _Fit) -> dict[int, float]:
        """Return each kind's place between the background's usual score, 0, and the examples', 1."""
        nothing = float(np.median(fit.crossed_B))
        if fit.seen <= nothing:
            return {}
        kinds = np.unique(self._kind_B[self._kind_B >= 0]).tolist()
        usual = {kind: float(np.median(fit.crossed_B[self._kind_B == kind])) for kind in kinds}
        return {kind: (score - nothing) / (fit.seen - nothing) for kind, score in usual.items()}


@dataclass(frozen=True, slots=True)
class Judged:
    """What the examples of an action say of each other and of the background.

    Attributes:
        unseen_E: score of each example by a head that has not seen it; empty if there is only one.
        known_E: its score by the head that has.
        threshold: score from which the action counts as done.
        place_of_kind: where each kind of background lies between the background's usual score, 0, and the examples', 1.
    """

    unseen_E: np.ndarray
    known_E: np.ndarray
    threshold: float
    place_of_kind: dict[int, float]


@dataclass(frozen=True, slots=True)
class _Fit:
    """The fit of one action against one background.

    Attributes:
        weight_X: weights and bias.
        threshold, usual: as in Head.
        seen: usual score before it was raised above the background's.
        crossed_B: scores of the background, each half by a head that was fitted without it.
        unseen: as in Judged.
    """

    weight_X: np.ndarray
    threshold: float
    usual: float
    seen: float
    crossed_B: np.ndarray
    unseen: np.ndarray


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
        unseen = self._unseen(x_EWR, yes_E, no_NR)
        # One example does not tell how much the next ones will differ.
        only = ONE_SHOT * float(np.median(_with_one(yes_NR) @ weight_X))
        seen = float(np.mean(unseen)) if len(unseen) else only
        usual = max(seen, false + LEAST_SPAN)
        return _Fit(weight_X, false + PASS * (usual - false), usual, seen, crossed_B, unseen)

    def _unseen(self, x_EWR: np.ndarray, yes_E: np.ndarray, no_NR: np.ndarray) -> np.ndarray:
        """Return the score of each example by a head that has not seen it; none if there is only one."""
        places = np.flatnonzero(yes_E)
        if len(places) == 1:
            return np.zeros(0)
        unseen = []
        for e in places:
            others = places[places != e]
            unseen.append(np.median(_with_one(x_EWR[e]) @ self.solve(_flat(x_EWR, others), no_NR)))
        return np.array(unseen)


def _about(action: int, action_E: np.ndarray) -> np.ndarray:
    """Return a mask (E,) of the clips that are about an action: its own, and counter-examples of all."""
    return (action_E == action) | (action_E < 0)


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
