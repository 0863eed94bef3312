"""Branches with a linear head each: the model that fine-tuning trains, and whose cost is measured.

Shape suffixes: N clips, P people, T frames, V joints, C coordinates or classes, M modalities, H width of h.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.branches import Branches
from models.encoder import init_weights


class Classifier(nn.Module):
    """Encoders and linear heads, one of each for a modality.

    Args:
        branches: becomes part of the classifier and loses its projection heads; the encoders are not copied.
        classes: C.
    """

    def __init__(self, branches: Branches, classes: int) -> None:
        super().__init__()
        self.branches = branches
        branches.heads = nn.ModuleDict()
        width = branches.shape.channels[-1]
        self.heads = nn.ModuleDict({name: nn.Linear(width, classes).apply(init_weights) for name in branches.names})

    def forward(self, joints_NPTVC: Tensor, frames_N: Tensor, present_NP: Tensor | None = None) -> Tensor:
        """Compute the branch logits (N, M, C) of normalised, perhaps augmented joints."""
        h_MNH = self.branches.encode(joints_NPTVC, frames_N, present_NP)
        return torch.stack([head(h_NH) for head, h_NH in zip(self.heads.values(), h_MNH, strict=True)], dim=1)
