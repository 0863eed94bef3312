"""The batch norms of a block's training step (models.block_step), with their gradients. No gradient flows through them.

A norm takes the statistics of its own batch, in torch's own passes over memory, or those of the batch of which several
processes hold parts. Then it wants sums over them (models.lock_step). Source: arXiv 1502.03167, section 3.1.

Shape suffixes: B clips x people, T frames, V joints, C channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.lock_step import Steps
from models.moments import moments, sums, track

_aten = torch.ops.aten


@dataclass(frozen=True, slots=True)
class Norm:
    """A batch norm, and whether its statistics are those of all processes' batches."""

    module: nn.BatchNorm2d
    shared: bool


def normalise(
    x_BTVC: Tensor, norm: Norm, scale: Tensor, shift: Tensor, bias: Tensor | None = None
) -> Steps[tuple[Tensor, ...]]:
    """Apply a batch norm as in training, and return the result, the batch's mean and its inverse deviation.

    A convolution's bias before the norm moves the mean alone, which is taken off: it changes the running mean and
    nothing else, and its gradient is 0.
    """
    own = norm.module
    assert own.num_batches_tracked is not None and own.running_mean is not None
    if norm.shared:
        whole = yield _sums(x_BTVC, own)
        rows, mean_C, var_C = moments(whole)
        track(own, rows, mean_C if bias is None else mean_C + bias, var_C)
        stats = (mean_C.to(scale.dtype), torch.rsqrt(var_C + own.eps).to(scale.dtype))
        return normalised(x_BTVC, norm, scale, shift, stats), *stats
    own.num_batches_tracked.add_(1)
    share = 1 / float(own.num_batches_tracked) if own.momentum is None else own.momentum
    of_all = (_channels_last(x_BTVC), scale, shift, own.running_mean, own.running_var, True, share, own.eps)
    out, mean, rate = torch.native_batch_norm(*of_all)
    if bias is not None:
        own.running_mean.add_(bias, alpha=share)
    return out.permute(0, 2, 3, 1), mean, rate


def normalised(x_BTVC: Tensor, norm: Norm, scale: Tensor, shift: Tensor, stats: Sequence[Tensor]) -> Tensor:
    """Repeat what `normalise` returned first, from the mean and the inverse deviation."""
    (mean, rate), eps = stats, norm.module.eps
    out = torch.batch_norm(_channels_last(x_BTVC), scale, shift, mean, rate**-2 - eps, False, 0.0, eps, False)
    return out.permute(0, 2, 3, 1)


def normalise_backward(
    grad_BTVC: Tensor, x_BTVC: Tensor, norm: Norm, scale: Tensor, stats: Sequence[Tensor]
) -> Steps[tuple[Tensor, ...]]:
    """Return the gradients of `normalise` for its input, scale and shift; the latter two are those of these rows."""
    own, wanted = norm.module, [not norm.shared, True, True]
    of_all = (_channels_last(grad_BTVC), _channels_last(x_BTVC), scale, own.running_mean, own.running_var, *stats)
    x, of_scale, of_shift = _aten.native_batch_norm_backward(*of_all, True, own.eps, wanted)
    if not norm.shared:
        return x.permute(0, 2, 3, 1), of_scale, of_shift
    rows = of_scale.new_full((1,), _rows(x_BTVC), dtype=torch.float64)
    whole = yield torch.cat([rows, of_scale.double(), of_shift.double()])
    mean_C, rate_C = (some.double() for some in stats)
    along_C, level_C = (whole[1:] / whole[0]).chunk(2)
    # (grad - level - along * (x - mean) * rate) * rate * scale, as grad * by + x * slope + offset.
    by_C = rate_C * scale
    slope_C = -by_C * rate_C * along_C
    offset_C = -by_C * level_C - slope_C * mean_C
    by_C, slope_C, offset_C = (some.to(scale.dtype) for some in (by_C, slope_C, offset_C))
    out_BTVC = torch.addcmul(offset_C, x_BTVC, slope_C).addcmul_(grad_BTVC, by_C)
    return out_BTVC.to(grad_BTVC.dtype), of_scale, of_shift


def _sums(x_BTVC: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """Return what `models.moments.sums` does of these rows. A momentum of 0 leaves the running statistics alone."""
    mean_C, var_C = torch.batch_norm_update_stats(_channels_last(x_BTVC), norm.running_mean, norm.running_var, 0.0)
    return sums(_rows(x_BTVC), mean_C, var_C)


def _rows(x_BTVC: Tensor) -> int:
    return x_BTVC.numel() // x_BTVC.shape[3]


def _channels_last(x_BTVC: Tensor) -> Tensor:
    return x_BTVC.permute(0, 3, 1, 2)
