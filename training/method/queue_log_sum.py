"""Log-sum-exp over one queue in one pass, with its gradient."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

from training.method.queue_sums import SumPlan, chunk_for, require_columns, wide


class _Context(FunctionCtx):
    """Values that the forward pass leaves to the backward pass."""

    saved_tensors: tuple[Tensor, ...]


class _OnePass(torch.autograd.Function):
    """log sum over one queue of exp(s_i / T), with its gradient taken in the same pass.

    The gradient for a query is the mean of the keys by softmax, times what comes from above.
    """

    @staticmethod
    def forward(ctx: _Context, plan: SumPlan, q_SND: Tensor, length_K: Tensor | None) -> Tensor:
        rows_XD = q_SND.flatten(0, 1) / plan.temperature
        parts = plan.each_part(lambda part: _sum_and_mean(plan, rows_XD, part, length_K))
        of_parts_PX = torch.stack([log_sum_X for log_sum_X, _ in parts])
        log_sum_X = of_parts_PX.logsumexp(0)
        share_PX1 = (of_parts_PX - log_sum_X).exp_()[..., None] / plan.temperature
        mean_XD = sum((mean * share for (_, mean), share in zip(parts, share_PX1, strict=True)), q_SND.new_zeros(()))
        ctx.save_for_backward(mean_XD.view_as(q_SND))
        return log_sum_X.view(q_SND.shape[:2])

    @staticmethod
    def backward(ctx: _Context, grad_SN: Tensor) -> tuple[Tensor | None, ...]:
        (mean_SND,) = ctx.saved_tensors
        return None, mean_SND * grad_SN[..., None], None


def _sum_and_mean(plan: SumPlan, rows_XD: Tensor, part: slice, length_K: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the log-sum-exp of a part's logits, (X,), and the mean of its keys by their softmax, (X, D)."""
    queue_kD = plan.queues[0][part]
    logits_Xk = rows_XD @ queue_kD.t()
    if length_K is not None:
        logits_Xk /= length_K[part]
    if plan.mask_NK is not None:
        logits_Xk.view(-1, *plan.mask_NK[:, part].shape).masked_fill_(plan.mask_NK[:, part], -torch.inf)
    least = torch.finfo(logits_Xk.dtype)
    top_X1 = logits_Xk.amax(1, keepdim=True).clamp_(min=least.min)
    weight_Xk = logits_Xk.sub_(top_X1).exp_()
    sum_X1 = weight_Xk.sum(1, keepdim=True)
    if length_K is not None:
        weight_Xk /= length_K[part]
    # Where all columns are left out, the sum is 0.
    return (sum_X1.log() + top_X1)[:, 0], (weight_Xk @ queue_kD) / sum_X1.clamp(min=least.tiny)


def queue_log_sum(
    q_SND: Tensor,
    queue_KD: Tensor,
    temperature: float,
    mask_NK: Tensor | None,
    chunk: int | None = None,
    length_K: Tensor | None = None,
) -> Tensor:
    """Compute log-sum-exp of every stream's logits over one queue, (S, N).

    Args:
        q_SND: Queries of S streams.
        queue_KD: The queue that all of them read.
        temperature: T.
        mask_NK: Columns to leave out, or None.
        chunk: Columns at a time; None chooses it by the device (`chunk_for`).
        length_K: Divides the keys, or None for keys that are of unit length already.
    """
    if chunk is None:
        chunk = chunk_for(q_SND.device, len(q_SND) * q_SND.shape[1], len(queue_KD))
    require_columns(mask_NK)
    return _OnePass.apply(SumPlan([wide(queue_KD)], (), temperature, mask_NK, chunk), q_SND, length_K)
