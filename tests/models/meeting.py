"""Threads that stand for the processes of a training."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from torch import Tensor

Result = TypeVar("Result")


class Meeting:
    """Sums what several threads bring, as `all_reduce` does with processes."""

    def __init__(self, world: int) -> None:
        self.barrier, self.brought, self.count = threading.Barrier(world, timeout=60), {}, 0

    def all_reduce(self, x: Tensor) -> None:
        self.brought[threading.get_ident()] = x.clone()
        if self.barrier.wait() == 0:
            self.count += 1
        total = sum(self.brought.values())
        self.barrier.wait()
        x.copy_(total)


def by_threads(world: int, work: Callable[[int], Result]) -> list[Result]:
    """Do the work of every rank in a thread of its own."""
    done: dict[int, Result] = {}
    threads = [threading.Thread(target=lambda r=r: done.update({r: work(r)})) for r in range(world)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [done[r] for r in range(world)]
