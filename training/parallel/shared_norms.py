"""Batch normalisation with the statistics of the global batch, one message for as many norms as are ready together.

Source of the backward pass: batch normalisation (arXiv 1502.03167, section 3.1), with sums over all processes. Shapes:
n norms, C channels of one of them; a norm's input is (B, C) or (B, C, T, V).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn.modules.batchnorm import _BatchNorm

from models.branches import Branches
from models.encoder import Block
from models.moments import moments, sums, track
from training.parallel.in_step import encode_in_step
from training.parallel.torchrun import Group, all_reduce


def share_statistics(branches: Branches, group: Group, in_step: bool = True) -> None:
    """Make every batch-norm of the branches use the global batch's statistics in training.

    The names of the module's tensors stay as they are.

    Args:
        branches: whose norms share.
        group: the processes; nothing changes for a process alone.
        in_step: run the branches layer by layer, so that a layer's norms of all branches share one message, and on a
            CPU their blocks take their own training step. Otherwise each norm sends its own message, which goes with
            recomputed and with compiled encoders.
    """
    if group.world == 1:
        return
    branches.alone = False
    for module in branches.modules():
        if isinstance(module, Block):
            module.own_step = False
        elif isinstance(module, _BatchNorm):
            # On the instance: the module stays, and with it the names of its tensors.
            module.forward = _shared_forward(module)  # type: ignore[method-assign, assignment]  # mypy knows classes alone
    if in_step:
        branches.together = lambda encoders, inputs: encode_in_step(encoders, inputs, shared_norms, all_reduce)


def _shared_forward(norm: _BatchNorm) -> Callable[[Tensor], Tensor]:
    """Return a forward function that shares statistics in training and is the norm's own otherwise."""
    own = norm.forward

    def forward(input: Tensor) -> Tensor:
        return shared_norms([norm], [input])[0] if norm.training else own(input)

    return forward


def shared_norms(norms: Sequence[nn.Module], inputs: Sequence[Tensor]) -> list[Tensor]:
    """Normalise training batches, each by its norm, with the statistics of the global batch.

    All statistics travel in one message, and so do the sums of the backward pass.

    Args:
        norms: batch-norms with running statistics.
        inputs: of each norm, in any floating type.
    """
    wide = [x.detach().float() for x in inputs]
    parts = [torch.var_mean(x, _axes(x), correction=0) for x in wide]
    local = [sums(x.numel() // x.shape[1], mean_C, var_C) for x, (var_C, mean_C) in zip(wide, parts, strict=True)]
    message = torch.cat(local)
    all_reduce(message)
    plan = []
    for norm, part in zip(norms, message.split([len(part) for part in local]), strict=True):
        assert isinstance(norm, _BatchNorm)
        total, mean_C, var_C = moments(part)
        track(norm, total, mean_C, var_C)
        plan += [mean_C.float(), torch.rsqrt(var_C + norm.eps).float(), total.float()]
    affine = [norm.weight for norm in norms], [norm.bias for norm in norms]
    return list(_Normalise.apply(len(norms), *plan, *inputs, *affine[0], *affine[1]))


def _axes(x: Tensor) -> list[int]:
    return [0, *range(2, x.dim())]


def _row(x_C: Tensor, like: Tensor) -> Tensor:
    """View a number for each channel as the tensor that it meets."""
    return x_C.view(1, -1, *[1] * (like.dim() - 2))


class _Saved(FunctionCtx):
    """Values that the forward pass leaves to the backward pass."""

    count: int
    saved_tensors: tuple[Tensor, ...]
    needs_input_grad: tuple[bool, ...]


class _Normalise(torch.autograd.Function):
    """(x - mean) / deviation, times weight plus bias, of several norms whose statistics are known."""

    @staticmethod
    def forward(ctx: _Saved, count: int, *tensors: Tensor) -> tuple[Tensor, ...]:
        plan, x, weight, bias = _parts(count, tensors)
        ctx.count = count
        ctx.save_for_backward(*tensors)
        out = []
        for i in range(count):
            mean_C, rate_C, _ = plan[3 * i : 3 * i + 3]
            y = (x[i].float() - _row(mean_C, x[i])) * _row(rate_C * weight[i], x[i]) + _row(bias[i], x[i])
            out.append(y.to(x[i].dtype))
        return tuple(out)

    @staticmethod
    def backward(ctx: _Saved, *grads: Tensor) -> tuple[Tensor | None, ...]:
        n = ctx.count
        plan, x, weight, _ = _parts(n, ctx.saved_tensors)
        wanted = [ctx.needs_input_grad[1 + 3 * n + i] for i in range(n)]
        local, normal = [], []
        for i, grad in enumerate(grads):
            mean_C, rate_C, _ = plan[3 * i : 3 * i + 3]
            normal.append((x[i].float() - _row(mean_C, x[i])) * _row(rate_C, x[i]))
            local += [grad.float().sum(_axes(grad)), (grad.float() * normal[i]).sum(_axes(grad))]
        out: list[Tensor | None] = [None] * n
        if any(wanted):
            message = torch.cat(local)
            all_reduce(message)
            whole = message.split([len(part) for part in local])
            for i, grad in enumerate(grads):
                _, rate_C, total = plan[3 * i : 3 * i + 3]
                middle = _row(whole[2 * i] / total, grad) + normal[i] * _row(whole[2 * i + 1] / total, grad)
                step = (grad.float() - middle) * _row(rate_C * weight[i], grad)
                out[i] = step.to(x[i].dtype) if wanted[i] else None
        return (None, *[None] * (3 * n), *out, *local[1::2], *local[::2])


def _parts(n: int, tensors: Sequence[Tensor]) -> tuple[Sequence[Tensor], ...]:
    """Divide what `_Normalise` takes: means, rates and totals; inputs; weights; biases."""
    return tensors[: 3 * n], tensors[3 * n : 4 * n], tensors[4 * n : 5 * n], tensors[5 * n :]
