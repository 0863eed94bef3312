"""The gate: whether a window shows one of the actions at all, told from the scores and the embedding together.

Shape suffixes: N batch, C classes, D width of the embedding.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.labels import SILENT

LOWEST = -1e3  # logits below the best one by more weigh nothing, and half precision holds ten times as much


class Gate(nn.Module):
    """A logistic regression that says how likely a window shows an action that is said.

    With a, the sum of an ungated softmax over the labels that are said, and the embedding e, the gate opens by
    k = sigmoid(weight * logit(a) + direction . e + bias). The actions share k in the proportion of their own scores,
    and the labels that are never said share 1 - k. A new gate changes nothing: weight 1, direction and bias 0.

    Args:
        said: For each label, in the order of the logits, whether it is an action that is said.
        width: D, the width of the embedding.

    Raises:
        ValueError: If all labels are said, or none.
    """

    said_C: Tensor
    weight: Tensor
    direction_D: Tensor
    bias: Tensor

    def __init__(self, said: Sequence[bool], width: int) -> None:
        super().__init__()
        if all(said) or not any(said):
            raise ValueError("a gate needs labels that are said and labels that are not (idle, other)")
        self.register_buffer("said_C", torch.tensor(said, dtype=torch.bool), persistent=False)
        self.register_buffer("weight", torch.tensor(1.0))
        self.register_buffer("direction_D", torch.zeros(width))
        self.register_buffer("bias", torch.tensor(0.0))

    def forward(self, logits_NC: Tensor, embedding_ND: Tensor) -> Tensor:
        """Return the gated scores, (N, C); each row sums to 1.

        Args:
            logits_NC: Fused logits, divided by the temperature.
            embedding_ND: The embedding of the same windows.
        """
        logits_NC = (logits_NC - logits_NC.amax(-1, keepdim=True)).clamp(min=LOWEST)
        actions_NC = logits_NC.masked_fill(~self.said_C, 10 * LOWEST)
        silent_NC = logits_NC.masked_fill(self.said_C, 10 * LOWEST)
        odds_N1 = actions_NC.logsumexp(-1, keepdim=True) - silent_NC.logsumexp(-1, keepdim=True)  # logit(a)
        unknown_N1 = embedding_ND @ self.direction_D.unsqueeze(1) + self.bias
        open_N1 = torch.sigmoid(self.weight * odds_N1 + unknown_N1)
        return torch.where(
            self.said_C, actions_NC.softmax(-1) * open_N1, silent_NC.softmax(-1) * (1 - open_N1)
        )  # fmt: skip


def said_labels(labels: Sequence[str]) -> tuple[bool, ...]:
    """Return for each label whether it is an action that is said, as idle and other are not."""
    return tuple(label not in SILENT for label in labels)
