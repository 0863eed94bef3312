"""Sums over the queue that never hold all logits at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

CHUNK = 4096  # columns at a time on a CPU: what is in flight stays in the cache
_ALIVE = 3  # of each similarity or product of a chunk, so many tensors are alive at a time


@dataclass(frozen=True, slots=True)
class SumPlan:
    """Input of `_QueueSums`: the streams' queues (K, D_i), pairs of streams, temperature, left-out columns."""

    queues: Sequence[Tensor]
    pairs: Sequence[tuple[int, int]]
    temperature: float
    mask_NK: Tensor | None
    chunk: int

    def slices(self) -> list[slice]:
        K = self.queues[0].shape[0]
        return [slice(a, min(a + self.chunk, K)) for a in range(0, K, self.chunk)]

    def groups(self) -> list[list[int]]:
        """Group the streams that read the same queue, as IKEM's all do.

        The products of a group are taken together.
        """
        same: dict[int, list[int]] = {}
        for i, queue in enumerate(self.queues):
            same.setdefault(queue.data_ptr(), []).append(i)
        return list(same.values())

    def similarities(self, q_ND: Sequence[Tensor], part: slice) -> list[Tensor]:
        """Compute every stream's similarities with its queue, (N, K) each."""
        out: dict[int, Tensor] = {}
        for group in self.groups():
            rows = torch.cat([q_ND[i] for i in group])
            out |= zip(group, (rows @ self.queues[group[0]][part].t()).chunk(len(group)), strict=True)
        return [out[i] for i in range(len(q_ND))]

    def logits(self, s_NK: Tensor, part: slice) -> Tensor:
        """Turn similarities, or products of them, into logits, -inf where a column is left out."""
        logits_NK = s_NK / self.temperature
        return logits_NK if self.mask_NK is None else logits_NK.masked_fill_(self.mask_NK[:, part], -torch.inf)


def chunk_for(device: torch.device, rows: int, columns: int) -> int:
    """Return how many columns of the queue to take at a time.

    A CPU takes as many as stay in its cache. On a GPU each chunk is a launch of every kernel, so it takes the whole
    queue, or as many columns as fit in half of the free memory.

    Args:
        device: of the queue.
        rows: numbers for each column: N for every stream and every pair of streams.
        columns: K.
    """
    if device.type != "cuda":
        return CHUNK
    free, _ = torch.cuda.mem_get_info(device)
    free += torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    fitting = free // 2 // (4 * _ALIVE * rows)
    return max(min(columns, fitting), min(columns, CHUNK))


class _Context(FunctionCtx):
    """Values that the forward pass leaves to the backward pass."""

    plan: SumPlan
    saved_tensors: tuple[Tensor, ...]
    needs_input_grad: tuple[bool, ...]


class _QueueSums(torch.autograd.Function):
    """log sum over the queue of exp(s_i / T), stream by stream, and of exp(s_i s_j / T), pair by pair.

    Nothing of size (N, K) outlives a chunk: the backward pass computes the similarities again.
    """

    @staticmethod
    def forward(ctx: _Context, plan: SumPlan, *q_ND: Tensor) -> tuple[Tensor, Tensor]:
        single, double = [], []
        for part in plan.slices():
            s_SNK = plan.similarities(q_ND, part)
            single.append(torch.stack([plan.logits(s, part).logsumexp(1) for s in s_SNK]))
            if plan.pairs:
                products = (plan.logits(s_SNK[i] * s_SNK[j], part) for i, j in plan.pairs)
                double.append(torch.stack([logits_NK.logsumexp(1) for logits_NK in products]))
        single_SN = torch.stack(single).logsumexp(0)
        double_PN = torch.stack(double).logsumexp(0) if double else single_SN.new_zeros(0, single_SN.shape[1])
        ctx.plan = plan
        ctx.save_for_backward(single_SN, double_PN, *q_ND)
        return single_SN, double_PN

    @staticmethod
    def backward(ctx: _Context, grad_SN: Tensor, grad_PN: Tensor) -> tuple[Tensor | None, ...]:
        plan = ctx.plan
        single_SN, double_PN, *q_ND = ctx.saved_tensors
        # By stream; those without an entry want no gradient.
        out = {i: torch.zeros_like(q) for i, q in enumerate(q_ND) if ctx.needs_input_grad[1 + i]}
        for part in plan.slices():
            s_SNK = plan.similarities(q_ND, part)
            d_NK = {
                i: (plan.logits(s_SNK[i], part) - single_SN[i, :, None]).exp_().mul_(grad_SN[i, :, None]) for i in out
            }
            for p, (i, j) in enumerate(plan.pairs):
                weight_NK = (plan.logits(s_SNK[i] * s_SNK[j], part) - double_PN[p, :, None]).exp_()
                weight_NK.mul_(grad_PN[p, :, None])
                for a, b in ((i, j), (j, i)):
                    if a in d_NK:
                        d_NK[a].addcmul_(weight_NK, s_SNK[b])
            for group in plan.groups():
                streams = [i for i in group if i in d_NK]
                if streams:
                    rows = torch.cat([d_NK[i] for i in streams]) @ plan.queues[group[0]][part]
                    for i, step in zip(streams, rows.chunk(len(streams)), strict=True):
                        out[i].add_(step, alpha=1 / plan.temperature)
        return (None, *(out.get(i) for i in range(len(q_ND))))


def queue_sums(
    q_ND: Sequence[Tensor],
    plan_queues: Sequence[Tensor],
    pairs: Sequence[tuple[int, int]],
    temperature: float,
    mask_NK: Tensor | None,
    chunk: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Compute log-sum-exp over the queue for every stream, (S, N), and every pair of streams, (P, N).

    `chunk` is the number of columns at a time; None chooses it by the device (`chunk_for`). It changes no result but
    by rounding.
    """
    if chunk is None:
        chunk = chunk_for(q_ND[0].device, len(q_ND[0]) * (len(q_ND) + len(pairs)), len(plan_queues[0]))
    if mask_NK is not None and bool(mask_NK.all(1).any()):
        raise ValueError("the queue holds nothing but a clip's own keys: take a longer queue, or a smaller share of it")
    plan = SumPlan([q.detach().float() if q.dtype == torch.bfloat16 else q.detach() for q in plan_queues], tuple(pairs),
                temperature, mask_NK, chunk)  # fmt: skip
    return _QueueSums.apply(plan, *q_ND)
