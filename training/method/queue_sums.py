"""Sums over the queue that never hold all logits at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

from models.side_by_side import call_each

Result = TypeVar("Result")

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

    def each_part(self, call: Callable[[slice], Result]) -> list[Result]:
        """Call for every part of the queue, on a CPU side by side."""
        calls = [partial(call, part) for part in self.slices()]
        return call_each(calls) if self.queues[0].device.type == "cpu" else [one() for one in calls]

    def groups(self) -> list[list[int]]:
        """Group the streams that read the same queue, as IKEM's all do.

        The products of a group are taken together.
        """
        same: dict[int, list[int]] = {}
        for i, queue in enumerate(self.queues):
            same.setdefault(queue.data_ptr(), []).append(i)
        return list(same.values())

    def similarities(self, q_ND: Sequence[Tensor], part: slice) -> list[Tensor]:
        """Compute every stream's similarities with its queue over the square root of T, (N, K) each.

        The product of two is then a logit.
        """
        out: dict[int, Tensor] = {}
        for group in self.groups():
            rows = torch.cat([q_ND[i] for i in group]) / self.root
            out |= zip(group, (rows @ self.queues[group[0]][part].t()).chunk(len(group)), strict=True)
        return [out[i] for i in range(len(q_ND))]

    @property
    def root(self) -> float:
        return math.sqrt(self.temperature)

    def masked(self, logits_NK: Tensor, part: slice) -> Tensor:
        """Put -inf where a column is left out, in place."""
        return logits_NK if self.mask_NK is None else logits_NK.masked_fill_(self.mask_NK[:, part], -torch.inf)


def _log_sum(logits_NK: Tensor) -> Tensor:
    """Compute log-sum-exp over the columns, (N,). It overwrites the logits, and takes a third of torch's own time."""
    top_N1 = logits_NK.amax(1, keepdim=True).clamp_(min=torch.finfo(logits_NK.dtype).min)
    return (logits_NK.sub_(top_N1).exp_().sum(1, keepdim=True).log_() + top_N1)[:, 0]


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
        parts = plan.each_part(lambda part: _log_sums(plan, q_ND, part))
        single_SN, double_PN = (torch.stack(some).logsumexp(0) for some in zip(*parts, strict=True))
        ctx.plan = plan
        ctx.save_for_backward(single_SN, double_PN, *q_ND)
        return single_SN, double_PN

    @staticmethod
    def backward(ctx: _Context, grad_SN: Tensor, grad_PN: Tensor) -> tuple[Tensor | None, ...]:
        plan = ctx.plan
        single_SN, double_PN, *q_ND = ctx.saved_tensors
        wanted = [i for i in range(len(q_ND)) if ctx.needs_input_grad[1 + i]]
        sums, grads = (single_SN, double_PN), (grad_SN, grad_PN)
        parts = plan.each_part(lambda part: _gradients(plan, q_ND, wanted, part, sums, grads))
        out = {i: torch.stack([part[i] for part in parts]).sum(0) for i in wanted}
        return (None, *(out.get(i) for i in range(len(q_ND))))


def _log_sums(plan: SumPlan, q_ND: Sequence[Tensor], part: slice) -> tuple[Tensor, Tensor]:
    """Compute the log-sum-exp over a part of the queue, (S, N) and (P, N)."""
    s_SNK = plan.similarities(q_ND, part)
    products = (plan.masked(s_SNK[i] * s_SNK[j], part) for i, j in plan.pairs)
    double = [_log_sum(logits_NK) for logits_NK in products]
    single_SN = torch.stack([_log_sum(plan.masked(s_NK.div_(plan.root), part)) for s_NK in s_SNK])
    return single_SN, torch.stack(double) if double else single_SN.new_zeros(0, single_SN.shape[1])


def _gradients(
    plan: SumPlan,
    q_ND: Sequence[Tensor],
    wanted: Sequence[int],
    part: slice,
    sums: tuple[Tensor, Tensor],
    grads: tuple[Tensor, Tensor],
) -> dict[int, Tensor]:
    """Compute what a part of the queue adds to the gradients of the wanted streams."""
    (single_SN, double_PN), (grad_SN, grad_PN) = sums, grads
    s_SNK = plan.similarities(q_ND, part)
    d_NK = {}
    for i in wanted:
        weight_NK = plan.masked(s_SNK[i] / plan.root, part).sub_(single_SN[i, :, None]).exp_()
        d_NK[i] = weight_NK.mul_(grad_SN[i, :, None] / plan.root)
    for p, (i, j) in enumerate(plan.pairs):
        weight_NK = plan.masked(torch.addcmul(-double_PN[p, :, None], s_SNK[i], s_SNK[j]), part).exp_()
        weight_NK.mul_(grad_PN[p, :, None])
        for a, b in ((i, j), (j, i)):
            if a in d_NK:
                d_NK[a].addcmul_(weight_NK, s_SNK[b])
    out: dict[int, Tensor] = {}
    for group in plan.groups():
        streams = [i for i in group if i in d_NK]
        if streams:
            rows = torch.cat([d_NK[i] for i in streams]) @ plan.queues[group[0]][part]
            out |= zip(streams, rows.div_(plan.root).chunk(len(streams)), strict=True)
    return out


def wide(queue_KD: Tensor) -> Tensor:
    """Return the queue in float32 at least, as a constant."""
    return queue_KD.detach().float() if queue_KD.dtype == torch.bfloat16 else queue_KD.detach()


def require_columns(mask_NK: Tensor | None) -> None:
    """Raise a ValueError where a clip has no column left."""
    if mask_NK is not None and bool(mask_NK.all(1).any()):
        raise ValueError("the queue holds nothing but a clip's own keys: take a longer queue, or a smaller share of it")


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
    require_columns(mask_NK)
    plan = SumPlan([wide(queue_KD) for queue_KD in plan_queues], tuple(pairs), temperature, mask_NK, chunk)
    return _QueueSums.apply(plan, *q_ND)
