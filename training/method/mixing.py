"""Skeleton mixing: a query's clip gets some body parts of another clip, and both clips' keys are its positives.

Source: SkeleMixCLR (arXiv 2207.03065), whose mixed skeletons are told from both clips; the weights of the two are those
of mixup (arXiv 1710.09412).

Shape suffixes: N clips, P people, T frames, V joints, C coordinates, G body parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training.data.hiding import LIMB_V, LIMBS


@dataclass(frozen=True, slots=True)
class Mixed:
    """Mixed clips of a batch.

    Attributes:
        joints_NPTVC: with some body parts of another clip.
        other_N: number of that clip in the batch.
        own_N: share of the joints that are the clip's own.
    """

    joints_NPTVC: Tensor
    other_N: Tensor
    own_N: Tensor


def mixed(joints_NPTVC: Tensor, chance: float) -> Mixed:
    """Give some clips one to three body parts of another clip of the batch, from torch's own random numbers.

    Args:
        joints_NPTVC: one view of the clips.
        chance: that a clip is mixed.
    """
    N, device = len(joints_NPTVC), joints_NPTVC.device
    other_N = torch.randperm(N)
    taken_NG = torch.rand(N, LIMBS).argsort(1) < torch.randint(1, LIMBS - 1, (N, 1))
    taken_NG &= (torch.rand(N, 1) < chance) & (other_N != torch.arange(N))[:, None]
    taken_NV = taken_NG[:, LIMB_V].to(device)
    joints = torch.where(taken_NV[:, None, None, :, None], joints_NPTVC[other_N], joints_NPTVC)
    return Mixed(joints, other_N.to(device), 1 - taken_NV.float().mean(1))
