"""Key branches: a copy of the query that follows it by a moving average (MoCo, arXiv 1911.05722)."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch

from models.branches import Branches
from models.side_by_side import one_thread


def key_copy(query: Branches) -> Branches:
    """Copy the query branches, buffers too, as key branches that no gradient reaches."""
    key = copy.deepcopy(query)
    key.recompute = False
    return key.requires_grad_(False)


@torch.no_grad()
def follow(key: Branches, query: Branches, m: float, frozen: Sequence[str] = ()) -> None:
    """Update key <- m key + (1 - m) query for all parameters but those of the frozen modalities.

    Batch-norm statistics stay the key's own: its forward passes move them.
    """
    with one_thread():
        for name in key.names:
            if name in frozen:
                continue
            for part in ("encoders", "heads"):
                mine = list(getattr(key, part)[name].parameters())
                other = list(getattr(query, part)[name].parameters())
                torch._foreach_lerp_(mine, other, 1 - m)
