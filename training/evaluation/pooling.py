"""Summaries of an encoder's maps that say more than their mean: where, when, how much it varies, how strong it gets.

The published h is the mean over time and joints. Whether a hand or a foot moved, and at the beginning or at the end,
has to survive that mean in other channels, and an encoder without labels has little reason to arrange for it. A linear
head on these summaries is as linear as one on h, with ten weights for one.

What a movement was may also be told better before the last block, which serves the pre-training's own question (which
clip is it?) more than any other: "blocks" puts the summaries of all blocks side by side.

Shape suffixes: L blocks, B people of clips, H channels, t frames of the maps, V joints, G body parts.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from training.data.hiding import LIMB_V, LIMBS

POOLINGS = ("mean", "places", "blocks")
THIRDS = 3


def places(maps_BHtV: Tensor) -> Tensor:
    """Return the means of five body parts and of three stretches of time, the deviation and the maximum, (B, 10 H)."""
    at_VG = F.one_hot(LIMB_V, LIMBS).to(maps_BHtV)
    parts_BHG = maps_BHtV.mean(2) @ (at_VG / at_VG.sum(0))
    thirds_BHG = F.adaptive_avg_pool1d(maps_BHtV.mean(3), THIRDS)
    flat_BHX = maps_BHtV.flatten(2)
    whole_BHG = torch.stack([flat_BHX.std(2, correction=0), flat_BHX.amax(2)], dim=2)
    return torch.cat([parts_BHG, thirds_BHG, whole_BHG], dim=2).flatten(1)


def blocks(maps_LBHtV: Iterable[Tensor]) -> Tensor:
    """Return the `places` of the maps of every block side by side, (B, 10 times the sum of the blocks' widths)."""
    return torch.cat([places(maps_BHtV.float()) for maps_BHtV in maps_LBHtV], dim=1)
