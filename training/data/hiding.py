"""Hiding of body parts for stretches of time, for masked prediction and as an augmentation.

Source: tubes of joints and time as in MAMP (arXiv 2308.07092) and SLiM (arXiv 2603.10648), here of whole body parts,
because a graph convolution fills in a single hidden joint from its neighbours.

Shape suffixes: N clips, B people of clips, T frames, V joints, C coordinates, S stretches of time, G body parts.
"""

from __future__ import annotations

import torch
from torch import Tensor

from models.skeleton import JOINTS
from training.data.views import Hiding

_ARM, _LEG = ("shoulder", "elbow", "wrist", "hand", "tip", "thumb"), ("hip", "knee", "ankle", "foot")


def _limb(name: str) -> int:
    """Return a joint's body part: 0 trunk and head, 1 left arm, 2 right arm, 3 left leg, 4 right leg."""
    side, _, kind = name.partition("_")
    if side not in ("left", "right"):
        return 0
    return (side == "right") + (1 if kind in _ARM else 3)


LIMB_V = torch.tensor([_limb(name) for name in JOINTS])
LIMBS = 5


def hidden_tubes(clips: int, frames: int, how: Hiding) -> Tensor:
    """Draw what is hidden of each clip from torch's own random numbers, (N, T, V) bool.

    Args:
        clips: N.
        frames: T.
        how: share and stretches.
    """
    tubes = how.stretches * LIMBS
    rank_NX = torch.rand(clips, tubes).argsort(1).argsort(1)
    hidden_NSG = (rank_NX < round(how.share * tubes)).reshape(clips, how.stretches, LIMBS)
    stretch_T = torch.arange(frames) * how.stretches // frames
    return hidden_NSG[:, stretch_T][:, :, LIMB_V]


def hide(x_BTVC: Tensor, hidden_BTV: Tensor) -> Tensor:
    """Put the batch's mean of each joint in place of what is hidden.

    The mean is over what is seen, so that hiding does not move the statistics of the encoder's first batch-norm.
    """
    seen_BTV1 = (~hidden_BTV)[..., None].to(x_BTVC.dtype)
    count_V1 = seen_BTV1.sum((0, 1)).clamp(min=1)
    mean_VC = (x_BTVC * seen_BTV1).sum((0, 1)) / count_V1
    return torch.where(hidden_BTV[..., None], mean_VC, x_BTVC)
