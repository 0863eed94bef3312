"""A training step through one block of the encoder, forward and backward, with few passes over memory.

It computes what `models.encoder.Block` computes. Autograd would keep every intermediate result; here the backward pass
keeps four (the input, what both norms take, and the output) and a byte of dropout for each element. It computes the
others again, which costs little beside the convolutions. What nobody else needs is overwritten.

Shape suffixes: B clips x people, T / F frames in / out, V joints, C / O channels in / out, K subsets of the graph,
G = V x K gathered joints, S = K x C, J taps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx

from models.block_norms import Norm, normalise, normalise_backward, normalised
from models.block_parts import graph, graph_backward, point, point_backward, through_relu
from models.dropout import ByteDropout
from models.lock_step import Steps, Total, in_step, run
from models.temporal_conv import TemporalConv, convolve, convolve_backward

Matrices = tuple[Tensor, Tensor, Tensor]


def train_block(x_BCTV: Tensor, matrices: Matrices, tcn: nn.Sequential, residual: nn.Module | None) -> Tensor:
    """Compute a block's result in training, (B, O, F, V).

    Args:
        x_BCTV: The input.
        matrices: Of the graph convolution: gathering (G, V), weight (S, O) and bias (V, O).
        tcn: The block's norm, ReLU, temporal convolution, norm and dropout.
        residual: The block's residual: a convolution with its norm, the input itself, or None.
    """
    return train_blocks([(x_BCTV, matrices, tcn, residual)])[0]


def train_blocks(
    blocks: Sequence[tuple[Tensor, Matrices, nn.Sequential, nn.Module | None]], total: Total | None = None
) -> list[Tensor]:
    """Compute the results in training of blocks of one shape, (B, O, F, V) each.

    Args:
        blocks: What `train_block` takes, for each.
        total: Sums over the processes that hold parts of the batch, whose statistics the norms take; None for the
            statistics of this batch. All blocks' sums share messages: two forward, and two backward.
    """
    plans, inputs = zip(*(_planned(*block, total is not None) for block in blocks), strict=True)
    flat = [x for some in inputs for x in some]
    return [y_BFVO.permute(0, 3, 1, 2) for y_BFVO in _BlockStep.apply(plans, total, *flat)]


def _planned(
    x_BCTV: Tensor, matrices: Matrices, tcn: nn.Sequential, residual: nn.Module | None, shared: bool
) -> tuple[Plan, list[Tensor]]:
    """Return what a block does, and the tensors that it takes."""
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
    plan = Plan(tuple(Norm(norm, shared) for norm in norms), conv.stride[0], dropout, residual is not None)
    return plan, [*kernels[:6], *affine[:4], *kernels[6:], *affine[4:]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a block does besides its tensors.

    Attributes:
        norms: Batch norms after the graph convolution, after the temporal one and after the residual's, if it has one.
        stride: Of the temporal convolution, and of the residual's.
        dropout: After the second norm, whose scale and shift already hold its factor.
        residual: Whether the input is added, perhaps by way of a convolution.
    """

    norms: tuple[Norm, ...]
    stride: int
    dropout: ByteDropout
    residual: bool


class _Context(FunctionCtx):
    """Values that the forward pass leaves to the backward pass."""

    plans: Sequence[Plan]
    total: Total | None
    inputs: int
    saved_tensors: tuple[Tensor, ...]


class _BlockStep(torch.autograd.Function):
    """relu(dropout(norm(conv(relu(norm(graph convolution of x)))) + residual of x), and its gradients, of each block.

    The arguments are the plans; who sums over processes; and for each block x (B, T, V, C); the gathering matrix
    (G, V); the graph convolution's weight (S, O) and bias (V, O); the temporal convolution's weight (O, O, J, 1) and
    bias (O,); scale and shift (O,) of the first norm, then of the second; and for a residual by convolution its weight
    (O, C) and bias and its norm's scale and shift.
    """

    @staticmethod
    def forward(ctx: _Context, plans: Sequence[Plan], total: Total | None, *flat: Tensor) -> tuple[Tensor, ...]:
        many = _parts(flat, len(plans))
        done = run(in_step([_forward(plan, inputs) for plan, inputs in zip(plans, many, strict=True)]), total)
        ctx.plans, ctx.total, ctx.inputs = plans, total, len(many[0])
        saved = [[*inputs, *kept] for inputs, (_, kept) in zip(many, done, strict=True)]
        ctx.save_for_backward(*(x for some in saved for x in some))
        return tuple(out_BFVO for out_BFVO, _ in done)

    @staticmethod
    def backward(ctx: _Context, *grads: Tensor) -> tuple[Tensor | None, ...]:
        many = _parts(ctx.saved_tensors, len(ctx.plans))  # which may be read only once, if they are computed again
        steps = [
            _backward(plan, saved[: ctx.inputs], saved[ctx.inputs :], grad_BFVO)
            for plan, saved, grad_BFVO in zip(ctx.plans, many, grads, strict=True)
        ]
        return None, None, *(grad for some in run(in_step(steps), ctx.total) for grad in some)


def _parts(flat: Sequence[Tensor], count: int) -> list[Sequence[Tensor]]:
    each = len(flat) // count
    return [flat[i * each : (i + 1) * each] for i in range(count)]


def _forward(plan: Plan, inputs: Sequence[Tensor]) -> Steps[tuple[Tensor, list[Tensor]]]:
    """Return a block's result, and what the backward pass needs besides the inputs."""
    x_BTVC, gather_GV, weight_SO, bias_VO, conv, conv_bias, scale1, shift1, scale2, shift2, *beside = inputs
    g_BTVO = graph(x_BTVC, gather_GV, weight_SO, bias_VO)
    a_BTVO, *stats = yield from normalise(g_BTVO, plan.norms[0], scale1, shift1)
    y_BFVO = convolve(a_BTVO.relu_(), conv, plan.stride)
    del a_BTVO
    steps = [normalise(y_BFVO, plan.norms[1], scale2, shift2, conv_bias)]
    if beside:
        weight_OC, bias_O, scale3, shift3 = beside
        steps.append(normalise(point(x_BTVC, plan.stride, weight_OC), plan.norms[2], scale3, shift3, bias_O))
    (out_BFVO, *stats2), *others = yield from in_step(steps)
    stats += stats2
    kept = plan.dropout.kept(out_BFVO)
    if kept is not None:
        out_BFVO.mul_(kept.to(out_BFVO.dtype))
    for r_BFVO, *stats3 in others:
        out_BFVO.add_(r_BFVO)
        stats += stats3
    if plan.residual and not others:
        out_BFVO.add_(x_BTVC)
    return out_BFVO.relu_(), [g_BTVO, y_BFVO, out_BFVO, *stats, *([] if kept is None else [kept])]


def _backward(
    plan: Plan, inputs: Sequence[Tensor], saved: Sequence[Tensor], grad_BFVO: Tensor
) -> Steps[tuple[Tensor, ...]]:
    """Return the gradients of a block's inputs."""
    x_BTVC, gather_GV, weight_SO, bias_VO, conv, conv_bias, scale1, shift1, scale2, _, *beside = inputs
    g_BTVO, y_BFVO, out_BFVO, *rest = saved
    stats, kept = rest[: 2 * len(plan.norms)], rest[2 * len(plan.norms) :]
    grad_BFVO = through_relu(grad_BFVO, out_BFVO)
    added: Tensor | None = grad_BFVO if plan.residual else None
    steps, of_point = [], []
    if beside:
        steps.append(point_backward(grad_BFVO, x_BTVC, plan.stride, plan.norms[2], beside, stats[4:]))
    if kept:
        grad_BFVO = grad_BFVO * kept[0].to(grad_BFVO.dtype)
    steps.append(normalise_backward(grad_BFVO, y_BFVO, plan.norms[1], scale2, stats[2:4]))
    *others, (grad_BFVO, *of_norm2) = yield from in_step(steps)
    if others:
        ((added, *of_point),) = others
    a_BTVO = normalised(g_BTVO, plan.norms[0], scale1, shift1, stats[:2]).relu_()
    grad_BTVO, of_conv = convolve_backward(grad_BFVO, a_BTVO, conv, plan.stride)
    del grad_BFVO
    grad_BTVO = through_relu(grad_BTVO, a_BTVO)
    del a_BTVO
    grad_BTVO, *of_norm1 = yield from normalise_backward(grad_BTVO, g_BTVO, plan.norms[0], scale1, stats[:2])
    grad_x, *of_graph = graph_backward(grad_BTVO, x_BTVC, gather_GV, weight_SO, bias_VO)
    if added is not None:
        grad_x[:, :: plan.stride].add_(added)
    return grad_x, *of_graph, of_conv, torch.zeros_like(conv_bias), *of_norm1, *of_norm2, *of_point
