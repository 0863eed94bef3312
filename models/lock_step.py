"""Computations that advance side by side, so that what they want summed over processes travels in one message.

Such a computation is a generator. It yields a flat tensor whenever it needs one summed over all processes, and is sent
the sums. One that needs none yields nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

import torch
from torch import Tensor

Result = TypeVar("Result")
Steps = Generator[Tensor, Tensor, Result]
Total = Callable[[Tensor], None]  # sums a tensor over processes, in place


def in_step(many: Sequence[Steps[Result]]) -> Steps[list[Result]]:
    """Advance several computations at once, and return the results of all."""
    results: dict[int, Result] = {}
    sums: dict[int, Tensor] = {}
    while True:
        wanted: dict[int, Tensor] = {}
        for i, steps in enumerate(many):
            if i in results:
                continue
            try:
                wanted[i] = steps.send(sums[i]) if sums else next(steps)
            except StopIteration as end:
                results[i] = end.value
        if not wanted:
            return [results[i] for i in range(len(many))]
        message = yield torch.cat(list(wanted.values()))
        sums = dict(zip(wanted, message.split([len(part) for part in wanted.values()]), strict=True))


def run(steps: Steps[Result], total: Total | None = None) -> Result:
    """Run a computation to its end.

    Args:
        steps: The computation.
        total: Sums what it wants; None for one that needs no sums.
    """
    try:
        message = next(steps)
        while True:
            assert total is not None, "a computation that needs no other process"
            total(message)
            message = steps.send(message)
    except StopIteration as end:
        return end.value
