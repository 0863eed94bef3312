"""Signs of collapse and of self-mining, for the log."""

from __future__ import annotations

import torch
from torch import Tensor

from training.method import losses
from training.method.key_queue import Queue


@torch.no_grad()
def diagnostics(z_MND: Tensor, queue: Queue, ids_N: Tensor) -> dict[str, float]:
    """Measure signs of collapse and of self-mining, modality by modality.

    std: mean over dimensions of the keys' standard deviation times sqrt(D): 1 for directions spread evenly, 0 when
    collapsed. rank: effective rank, the exponential of the entropy of the normalised singular values (Roy and
    Vetterli 2007). self_hit: share of clips whose nearest column is an earlier key of the clip itself, before a mask.
    """
    out, own_NK = {}, queue.own_columns(ids_N)
    for name, z_ND, queue_KD in zip(queue.names, z_MND, queue.keys_MKD, strict=True):
        p = torch.linalg.svdvals(z_ND - z_ND.mean(0))
        p = (p / p.sum().clamp(min=1e-12)).clamp(min=1e-12)
        out[f"{name}/std"] = float(z_ND.std(0, correction=0).mean() * z_ND.shape[1] ** 0.5)
        out[f"{name}/rank"] = float(torch.exp(-(p * p.log()).sum()))
        out[f"{name}/self_hit"] = float(own_NK.gather(1, losses.mine(z_ND, queue_KD, 1)).float().mean())
    return out
