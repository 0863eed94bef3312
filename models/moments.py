"""Statistics of a batch of which several processes hold parts, from sums that are added up over them.

Shape suffixes: C channels of a norm.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm


def sums(rows: int, mean_C: Tensor, var_C: Tensor) -> Tensor:
    """Return the number of rows, their sums and sums of squares, (1 + 2 C,).

    They are float64, so that the variance keeps float32's digits though it is a difference of means.

    Args:
        rows: How many there are for each channel.
        mean_C: Their means.
        var_C: Their variances, without correction.
    """
    mean_C, var_C = mean_C.double(), var_C.double()
    return torch.cat([mean_C.new_full((1,), rows), rows * mean_C, rows * (var_C + mean_C**2)])


def moments(sums: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the number of rows, (), and their means and variances, (C,) each, all float64."""
    rows, (sum_C, square_C) = sums[0], sums[1:].chunk(2)
    mean_C = sum_C / rows
    return rows, mean_C, (square_C / rows - mean_C**2).clamp(min=0)


@torch.no_grad()
def track(norm: _BatchNorm, rows: Tensor, mean_C: Tensor, var_C: Tensor) -> None:
    """Move the running statistics, by the momentum or, where that is None, to the mean over all batches."""
    assert norm.running_mean is not None and norm.running_var is not None and norm.num_batches_tracked is not None
    norm.num_batches_tracked += 1
    share = 1 / float(norm.num_batches_tracked) if norm.momentum is None else norm.momentum
    norm.running_mean.lerp_(mean_C.to(norm.running_mean.dtype), share)
    norm.running_var.lerp_((var_C * (rows / (rows - 1))).to(norm.running_var.dtype), share)
