"""Sums of parts of a batch give the statistics of the whole."""

from __future__ import annotations

import torch
from torch import nn

from models.moments import moments, sums, track


def test_the_parts_have_the_moments_of_the_whole() -> None:
    """Far from 0, where float32 sums of squares would lose the variance."""
    x_XC = 1000 + torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
    parts = x_XC.split([50, 10])
    message = sum(sums(len(part), part.mean(0), part.var(0, correction=0)) for part in parts)
    rows, mean_C, var_C = moments(message)
    assert float(rows) == 60
    torch.testing.assert_close(mean_C.float(), x_XC.double().mean(0).float())
    torch.testing.assert_close(var_C, x_XC.double().var(0, correction=0), rtol=1e-2, atol=0)
    norm, twin = nn.BatchNorm1d(4), nn.BatchNorm1d(4)
    track(norm, rows, mean_C, var_C)
    twin(x_XC)
    torch.testing.assert_close(norm.state_dict(), twin.state_dict(), rtol=1e-3, atol=1e-4)
