"""Masked feature prediction: the student sees a clip with parts hidden and predicts the teacher's features of them.

The teacher is the momentum copy that makes the keys, and sees the whole clip. Source: data2vec (arXiv 2202.03555),
SLiM (arXiv 2603.10648). The features are the encoder's maps before the mean over time and joints.

Shape suffixes: B people of clips, H channels, T frames, t frames of the maps, V joints, R hidden places.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def hidden_places(hidden_BTV: Tensor, strides: Sequence[int]) -> Tensor:
    """Return which places of the maps are hidden, (B, t, V): those whose middle frame is.

    Args:
        hidden_BTV: bool, in the clip's frames.
        strides: of the encoder's blocks, in time.
    """
    return hidden_BTV[:, :: math.prod(strides)]


def rows_at(maps_BHtV: Tensor, places_BtV: Tensor) -> Tensor:
    """Return the features at some places, (R, H)."""
    return maps_BHtV.permute(0, 2, 3, 1)[places_BtV]


def standardised(maps_BHtV: Tensor) -> Tensor:
    """Return a teacher's maps with mean 0 and variance 1 in each channel, over the batch.

    What all places have in common would otherwise be most of what is predicted.
    """
    var_H, mean_H = torch.var_mean(maps_BHtV, (0, 2, 3), correction=0, keepdim=True)
    return (maps_BHtV - mean_H) * torch.rsqrt(var_H + 1e-5)


def prediction_loss(guess_RH: Tensor, target_RH: Tensor) -> Tensor:
    """Return one minus the cosine between guess and target, the mean over the hidden places.

    Args:
        guess_RH: of the student's predictor.
        target_RH: of the teacher's standardised maps; a constant.
    """
    if not len(guess_RH):
        return guess_RH.sum()
    return (1 - F.cosine_similarity(guess_RH.float(), target_RH.detach().float(), dim=1)).mean()
