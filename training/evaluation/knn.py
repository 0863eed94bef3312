"""Nearest neighbours by cosine, with nothing trained (protocol of arXiv 2208.12448, section 4.3, at k = 1).

Shape suffixes: N test clips, R training clips, M modalities, H width of h, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from training.config.schema import PRECISIONS, one_of, require
from training.evaluation.features import require_spread
from training.evaluation.linear import Predictions


@dataclass(frozen=True, kw_only=True, slots=True)
class NearestConfig:
    """Settings of the neighbours' vote.

    Attributes:
        k: neighbours; most votes win, and among equals the one whose neighbours are more similar.
        precision: of the frozen encoders, as in pre-training.
    """

    k: int = 1
    precision: str = "fp32"

    def __post_init__(self) -> None:
        require(self, {"k": (self.k >= 1, "at least 1"), "precision": one_of(self.precision, PRECISIONS)})


def nearest(
    train_RMH: Tensor,
    train_label_R: Tensor,
    test_NMH: Tensor,
    classes: int,
    k: int,
    device: str | torch.device = "cpu",
    names: Sequence[str] = (),
) -> Predictions:
    """Give each test clip the label that most of its k most similar training clips have.

    Modalities stand side by side, each of unit length.

    Args:
        train_RMH: h of the training clips.
        train_label_R: their class numbers.
        test_NMH: h of the test clips.
        classes: C.
        k: neighbours.
        device: where to compute.
        names: of the modalities, for what is said of them.

    Raises:
        ValueError: k is larger than the number of training clips, or the features are the same for all of them.
    """
    require_spread(train_RMH, names)
    if k > len(train_RMH):
        raise ValueError(f"k = {k} is more than the {len(train_RMH)} training clips; take a smaller --k")
    keys_RD = F.normalize(train_RMH.to(device), dim=-1).flatten(1)
    label_R = train_label_R.to(device)
    found = []
    for some_NMH in test_NMH.split(1024):
        similar_NR = F.normalize(some_NMH.to(device), dim=-1).flatten(1) @ keys_RD.T / train_RMH.shape[1]
        near_Nk, index_Nk = similar_NR.topk(k, dim=1)
        # A vote counts 1 and a bit for its similarity, in [-1, 1]; all bits together never reach a vote.
        worth_Nk = 1 + (near_Nk + 1) / (4 * k)
        votes_NC = torch.zeros(len(some_NMH), classes, device=keys_RD.device)
        found.append(votes_NC.scatter_add_(1, label_R[index_Nk], worth_Nk).argmax(1).cpu())
    return Predictions(torch.cat(found).numpy())
