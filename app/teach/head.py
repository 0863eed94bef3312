"""The head that names taught actions from the student's embedding: a ridge regression for each against everything else.

Everything else is the other actions' examples, the action's counter-examples and a background of everyday movement. The
background includes the model's own actions. If one of them is taught under the user's own name, it is left out of
everything else, because an action cannot be told from itself. The regression is solved in one step, in the few hundred
directions in which the background varies most, so an action is available as soon as it was shown. The command
`python -m training teaching` compares it with prototypes, nearest neighbours and others.

Shapes: N windows, B of the background, D width of the embedding, M modalities, A actions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

PASS = 0.1  # a threshold's place between there and the examples' own scores (each judged without itself)
SURE = 0.95  # least probability at an example's usual score
STEEP = 5.0  # least log odds for a unit of score; with less, all movement would look a little like the action
LEAST_SPAN = 0.1  # least distance from threshold to usual score, so that scores are graded


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


def _logit(share: float) -> float:
    share = min(max(share, 1e-3), 1 - 1e-3)
    return math.log(share / (1 - share))
