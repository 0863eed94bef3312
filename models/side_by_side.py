"""Calls side by side in threads, each on processor cores of its own.

Torch's own threads share the work of every operation and wait for each other at its end. Work that falls into parts
waits once, at the end of all parts, which pays most where other programs take a core away now and then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

Result = TypeVar("Result")
_here = threading.local()  # threads: how many there are for calls while torch computes on one


def run_networks(
    calls: Sequence[Callable[[], Tensor]], parameters: Sequence[Sequence[Tensor]], recompute: bool = False
) -> list[Tensor]:
    """Run networks and return their results, which carry gradient to the parameters, and to nothing else.

    Args:
        calls: Each runs one network. A call gives the same result each time, and moves no statistics the second time.
        parameters: Those of each network.
        recompute: Keep no activations, but make each call once more in the backward pass, one after the other.
    """
    if not torch.is_grad_enabled():
        return call_each(calls)
    wanted = [[p for p in some if p.requires_grad] for some in parameters]
    return list(_Networks.apply(calls, wanted, recompute, *(p for some in wanted for p in some)))


class _Context(FunctionCtx):
    """Values that the forward pass leaves to the backward pass."""

    calls: Sequence[Callable[[], Tensor]]
    parameters: list[list[Tensor]]
    recompute: bool


class _Networks(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: _Context,
        calls: Sequence[Callable[[], Tensor]],
        parameters: list[list[Tensor]],
        recompute: bool,
        *flat: Tensor,
    ) -> tuple[Tensor, ...]:
        with torch.set_grad_enabled(not recompute):
            results = call_each(calls, 1 if recompute else None)
        ctx.calls, ctx.parameters, ctx.recompute = calls, parameters, recompute
        if not recompute:
            ctx.calls = [partial(_itself, result) for result in results]
        return tuple(result.detach() for result in results)

    @staticmethod
    def backward(ctx: _Context, *grads: Tensor) -> tuple[Tensor | None, ...]:
        todo = zip(ctx.calls, ctx.parameters, grads, strict=True)
        flat = call_each([partial(_gradients, *each) for each in todo], 1 if ctx.recompute else None)
        ctx.calls = []
        return None, None, None, *(grad for each in zip(flat, ctx.parameters, strict=True) for grad in _like(*each))


def _itself(result: Tensor) -> Tensor:
    return result


def _gradients(call: Callable[[], Tensor], parameters: list[Tensor], grad: Tensor) -> Tensor:
    """Return the gradients for all parameters in one piece: many small ones would lie between the activations."""
    with torch.enable_grad():
        result = call()
    return torch.cat([x.flatten() for x in torch.autograd.grad(result, parameters, grad)])


def _like(flat: Tensor, parameters: list[Tensor]) -> list[Tensor]:
    parts = flat.split([p.numel() for p in parameters])
    return [part.view_as(p) for part, p in zip(parts, parameters, strict=True)]


def call_each(calls: Sequence[Callable[[], Result]], at_a_time: int | None = None) -> list[Result]:
    """Make all calls, in threads that compute as this one does: gradients and autocast are each thread's own.

    Args:
        calls: The calls.
        at_a_time: How many at a time; None takes as many as there are threads, if the calls divide evenly.
    """
    now, grads = torch.get_num_threads(), torch.is_grad_enabled()
    threads = getattr(_here, "threads", None) or now
    autocast = (torch.get_autocast_dtype("cpu"), torch.is_autocast_enabled("cpu"))
    workers, each = (at_a_time, threads) if at_a_time else _workers(len(calls), threads)

    def run(call: Callable[[], Result]) -> Result:
        with torch.set_grad_enabled(grads), torch.autocast("cpu", *autocast):
            return call()

    try:
        if workers == 1:
            torch.set_num_threads(each)
            return [call() for call in calls]
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(each,)) as pool:
            return list(pool.map(run, calls))
    finally:
        torch.set_num_threads(now)  # the number of MKL's is one for all threads


def _workers(count: int, threads: int) -> tuple[int, int]:
    """Return how many calls run at a time, and on how many threads each: as many threads as there are, if it can be."""
    shares = [(w, threads // w) for w in range(1, min(count, threads) + 1) if count % w == 0]
    return max(shares, key=lambda share: (share[0] * share[1], share[0]))


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread within this, but for `call_each`: threads would only wait for many small operations."""
    now, held = torch.get_num_threads(), getattr(_here, "threads", None)
    _here.threads = held or now
    torch.set_num_threads(1)
    try:
        yield
    finally:
        _here.threads = held
        torch.set_num_threads(now)
