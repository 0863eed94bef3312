"""The parts of a block's training step (models.block_step), each with its gradients. No gradient flows through them.

Shape suffixes: B clips x people, T / F frames in / out, V joints, C / O channels in / out, K subsets of the graph,
G = V x K gathered joints, S = K x C, X rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from models.block_norms import Norm, normalise_backward
from models.lock_step import Steps
from models.temporal_conv import column_sums

_aten = torch.ops.aten


def _gathered(x_BTVC: Tensor, gather_GV: Tensor) -> Tensor:
    """Gather every joint's neighbours, subset by subset, (X, S)."""
    B, T, V, C = x_BTVC.shape
    rows_XGC = torch.bmm(gather_GV.expand(B * T, *gather_GV.shape), x_BTVC.reshape(B * T, V, C))
    return rows_XGC.view(B * T * V, -1)


def graph(x_BTVC: Tensor, gather_GV: Tensor, weight_SO: Tensor, bias_VO: Tensor) -> Tensor:
    """Compute the graph convolution, (B, T, V, O)."""
    rows_XO = torch.mm(_gathered(x_BTVC, gather_GV), weight_SO)
    return rows_XO.view(*x_BTVC.shape[:3], -1).add_(bias_VO)


def graph_backward(
    grad_BTVO: Tensor, x_BTVC: Tensor, gather_GV: Tensor, weight_SO: Tensor, bias_VO: Tensor
) -> tuple[Tensor, ...]:
    """Return the gradients of `graph` for all that it takes."""
    B, T, V, C = x_BTVC.shape
    grad_XO = grad_BTVO.view(B * T * V, -1)
    bias = column_sums(grad_BTVO.view(B * T, -1)).view_as(bias_VO)
    weight = torch.mm(_gathered(x_BTVC, gather_GV).t(), grad_XO)
    rows_XGC = torch.mm(grad_XO, weight_SO.t()).view(B * T, -1, C)
    gather = torch.bmm(rows_XGC, x_BTVC.reshape(B * T, V, C).transpose(1, 2))
    x = torch.bmm(gather_GV.t().expand(B * T, V, -1), rows_XGC).view_as(x_BTVC)
    return x, column_sums(gather.view(B * T, -1)).view_as(gather_GV), weight, bias


def point(x_BTVC: Tensor, stride: int, weight_OC: Tensor) -> Tensor:
    """Compute the residual's 1 x 1 convolution without its bias, (B, F, V, O)."""
    return torch.matmul(x_BTVC[:, ::stride], weight_OC.t())


def point_backward(
    grad_BFVO: Tensor,
    x_BTVC: Tensor,
    stride: int,
    norm: Norm,
    tensors: Sequence[Tensor],
    stats: Sequence[Tensor],
) -> Steps[tuple[Tensor, ...]]:
    """Return the gradients of the residual by convolution and norm.

    They are for every stride-th frame of x, and for the `tensors`: weight, bias, scale and shift.
    """
    weight_OC, bias_O, scale, _ = tensors
    r_BFVO = point(x_BTVC, stride, weight_OC)
    grad_BFVO, *of_norm = yield from normalise_backward(grad_BFVO, r_BFVO, norm, scale, stats)
    grad_XO = grad_BFVO.view(-1, len(bias_O))
    of_weight = torch.mm(grad_XO.t(), x_BTVC[:, ::stride].reshape(len(grad_XO), -1))
    return torch.matmul(grad_BFVO, weight_OC), of_weight, torch.zeros_like(bias_O), *of_norm


def through_relu(grad: Tensor, result: Tensor) -> Tensor:
    """Return the gradient where the result of a ReLU is positive, and 0 elsewhere."""
    return _aten.threshold_backward.grad_input(grad, result, 0, grad_input=torch.empty_like(result))
