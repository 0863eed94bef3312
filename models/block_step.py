"""A training step through one block of the encoder, forward and backward, with few passes over memory.

It computes what `models.encoder.Block` computes. Autograd would keep every intermediate result; here the backward pass
keeps four (the input, what both norms take, and the output) and a byte of dropout for each element. It computes the
others again, which costs little beside the convolutions. What nobody else needs is overwritten.

Shape suffixes: B clips x people, T / F frames in / out, V joints, C / O channels in / out, K subsets of the graph,
G = V x K gathered joints, S = K x C, J taps.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx

from models.block_parts import (
    graph,
    graph_backward,
    normalise,
    normalise_backward,
    normalised,
    point,
    point_backward,
    through_relu,
)
from models.dropout import ByteDropout
from models.temporal_conv import TemporalConv, convolve, convolve_backward


def train_block(
    x_BCTV: Tensor, matrices: tuple[Tensor, Tensor, Tensor], tcn: nn.Sequential, residual: nn.Module | None
) -> Tensor:
    """Compute a block's result in training, (B, O, F, V).

    Args:
        x_BCTV: The input.
        matrices: Of the graph convolution: gathering (G, V), weight (S, O) and bias (V, O).
        tcn: The block's norm, ReLU, temporal convolution, norm and dropout.
        residual: The block's residual: a convolution with its norm, the input itself, or None.
    """
    first, _, conv, second, dropout = tcn
    assert isinstance(first, nn.BatchNorm2d) and isinstance(second, nn.BatchNorm2d)
    assert isinstance(conv, TemporalConv) and isinstance(dropout, ByteDropout) and conv.bias is not None
    norms, kernels = [first, second], [x_BCTV.permute(0, 2, 3, 1), *matrices, conv.weight, conv.bias]
    # The dropout's factor is the norm's too.
    affine = [first.weight, first.bias, second.weight * dropout.factor, second.bias * dropout.factor]
    if isinstance(residual, nn.Sequential):
        last, third = residual
        assert isinstance(last, nn.Conv2d) and isinstance(third, nn.BatchNorm2d) and last.bias is not None
        norms.append(third)
        kernels += [last.weight.flatten(1), last.bias]
        affine += [third.weight, third.bias]
    if torch.is_autocast_enabled("cpu"):
        kernels = [x.to(torch.get_autocast_dtype("cpu")) for x in kernels]
    plan = Plan(tuple(norms), conv.stride[0], dropout, residual is not None)
    return _BlockStep.apply(plan, *kernels[:6], *affine[:4], *kernels[6:], *affine[4:]).permute(0, 3, 1, 2)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a block does besides its tensors.

    Attributes:
        norms: Batch norms after the graph convolution, after the temporal one and after the residual's, if it has one.
        stride: Of the temporal convolution, and of the residual's.
        dropout: After the second norm, whose scale and shift already hold its factor.
        residual: Whether the input is added, perhaps by way of a convolution.
    """

    norms: tuple[nn.BatchNorm2d, ...]
    stride: int
    dropout: ByteDropout
    residual: bool


class _Context(FunctionCtx):
    """Values that the forward pass leaves to the backward pass."""

    plan: Plan
    inputs: int
    saved_tensors: tuple[Tensor, ...]


class _BlockStep(torch.autograd.Function):
    """relu(dropout(norm(conv(relu(norm(graph convolution of x)))) + residual of x), and its gradients.

    The arguments are the plan; x (B, T, V, C); the gathering matrix (G, V); the graph convolution's weight (S, O) and
    bias (V, O); the temporal convolution's weight (O, O, J, 1) and bias (O,); scale and shift (O,) of the first norm,
    then of the second; and for a residual by convolution its weight (O, C) and bias and its norm's scale and shift.
    """

    @staticmethod
    def forward(ctx: _Context, plan: Plan, *inputs: Tensor) -> Tensor:
        x_BTVC, gather_GV, weight_SO, bias_VO, conv, conv_bias, scale1, shift1, scale2, shift2, *beside = inputs
        g_BTVO = graph(x_BTVC, gather_GV, weight_SO, bias_VO)
        a_BTVO, stats = normalise(g_BTVO, plan.norms[0], scale1, shift1)
        y_BFVO = convolve(a_BTVO.relu_(), conv, plan.stride)
        del a_BTVO
        out_BFVO, more = normalise(y_BFVO, plan.norms[1], scale2, shift2, conv_bias)
        stats += more
        kept = plan.dropout.kept(out_BFVO)
        if kept is not None:
            out_BFVO.mul_(kept.to(out_BFVO.dtype))
        if beside:
            weight_OC, bias_O, scale3, shift3 = beside
            r_BFVO, more = normalise(point(x_BTVC, plan.stride, weight_OC), plan.norms[2], scale3, shift3, bias_O)
            out_BFVO.add_(r_BFVO)
            stats += more
        elif plan.residual:
            out_BFVO.add_(x_BTVC)
        out_BFVO.relu_()
        ctx.plan, ctx.inputs = plan, len(inputs)
        ctx.save_for_backward(*inputs, g_BTVO, y_BFVO, out_BFVO, *stats, *([] if kept is None else [kept]))
        return out_BFVO

    @staticmethod
    def backward(ctx: _Context, grad_BFVO: Tensor) -> tuple[Tensor | None, ...]:
        plan, saved = ctx.plan, ctx.saved_tensors  # which may be read only once, if they are computed again
        inputs, (g_BTVO, y_BFVO, out_BFVO, *rest) = saved[: ctx.inputs], saved[ctx.inputs :]
        x_BTVC, gather_GV, weight_SO, bias_VO, conv, conv_bias, scale1, shift1, scale2, _, *beside = inputs
        stats, kept = rest[: 2 * len(plan.norms)], rest[2 * len(plan.norms) :]
        grad_BFVO = through_relu(grad_BFVO, out_BFVO)
        added: Tensor | None = grad_BFVO if plan.residual else None
        of_point: list[Tensor] = []
        if beside:
            added, *of_point = point_backward(grad_BFVO, x_BTVC, plan.stride, plan.norms[2], beside, stats[4:])
        if kept:
            grad_BFVO = grad_BFVO * kept[0].to(grad_BFVO.dtype)
        grad_BFVO, *of_norm2 = normalise_backward(grad_BFVO, y_BFVO, plan.norms[1], scale2, stats[2:4])
        a_BTVO = normalised(g_BTVO, plan.norms[0], scale1, shift1, stats[:2]).relu_()
        grad_BTVO, of_conv = convolve_backward(grad_BFVO, a_BTVO, conv, plan.stride)
        del grad_BFVO
        grad_BTVO = through_relu(grad_BTVO, a_BTVO)
        del a_BTVO
        grad_BTVO, *of_norm1 = normalise_backward(grad_BTVO, g_BTVO, plan.norms[0], scale1, stats[:2])
        grad_x, *of_graph = graph_backward(grad_BTVO, x_BTVC, gather_GV, weight_SO, bias_VO)
        if added is not None:
            grad_x[:, :: plan.stride].add_(added)
        return None, grad_x, *of_graph, of_conv, torch.zeros_like(conv_bias), *of_norm1, *of_norm2, *of_point
