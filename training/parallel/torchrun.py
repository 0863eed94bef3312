"""Data-parallel training under torchrun. Every process takes its share of a batch; all end with the same weights.

Shapes: M modalities, n clips of this process, N clips of all processes, D width of a key.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Group:
    """Group of training processes, seen from one of them."""

    rank: int = 0
    world: int = 1
    device: torch.device = torch.device("cpu")

    @property
    def main(self) -> bool:
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Return this process's part of a batch.

        Raises:
            ValueError: the batch cannot be divided evenly.
        """
        if count % self.world:
            raise ValueError(f"a batch of {count} cannot be shared by {self.world} processes; choose a multiple")
        n = count // self.world
        return slice(self.rank * n, (self.rank + 1) * n)


def join(device: str | None = None) -> Group:
    """Join the processes that torchrun started, or form a group of this process alone.

    The device is CUDA where there is one, unless told otherwise.

    Raises:
        ValueError: CUDA is asked for and there is none.
    """
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError("no CUDA device is usable here; leave --device out, or give --device cpu")
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return Group(device=torch.device(device))
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    if device.startswith("cuda"):
        device = f"cuda:{int(os.environ.get('LOCAL_RANK', '0'))}"
        torch.cuda.set_device(device)
    return Group(dist.get_rank(), world, torch.device(device))


def leave() -> None:
    """Leave the group that `join` joined, so that its connections are closed before the process ends."""
    if dist.is_initialized():
        dist.destroy_process_group()


@dataclass(slots=True)
class Traffic:
    """Messages of a step: sums over all processes (`all_reduce`), and `gather`s."""

    all_reduce: int = 0
    gather: int = 0


_traffic: Traffic | None = None  # where messages are counted
_sending = True


@contextmanager
def counted(send: bool = True) -> Iterator[Traffic]:
    """Count messages within this, and send them or not."""
    global _traffic, _sending
    before, _traffic, _sending = (_traffic, _sending), Traffic(), send
    try:
        yield _traffic
    finally:
        _traffic, _sending = before


def rehearsed() -> AbstractContextManager[Traffic]:
    """Count messages instead of sending them, so that one process can tell what several would send."""
    return counted(send=False)


def all_reduce(x: Tensor) -> None:
    """Sum a tensor over the processes, in place."""
    if _traffic is not None:
        _traffic.all_reduce += 1
    if _sending:
        dist.all_reduce(x)


def gather_keys(k_MnD: Tensor, group: Group) -> Tensor:
    """Gather the keys of all processes in the order of the global batch, (M, N, D)."""
    if group.world == 1:
        return k_MnD
    parts = [torch.empty_like(k_MnD) for _ in range(group.world)]
    if _traffic is not None:
        _traffic.gather += 1
    if _sending:
        dist.all_gather(parts, k_MnD.contiguous())
    return torch.cat(parts, dim=1)


def average_gradients(parameters: Iterable[Tensor], group: Group) -> None:
    """Average the gradients over the processes, in one message."""
    if group.world == 1:
        return
    grads = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([g.flatten() for g in grads])
    all_reduce(flat)
    flat /= group.world
    start = 0
    for grad in grads:
        grad.copy_(flat[start : start + grad.numel()].view_as(grad))
        start += grad.numel()


def average(values: Tensor, group: Group) -> Tensor:
    """Average numbers over the processes, in one message."""
    if group.world > 1:
        all_reduce(values)
        values = values / group.world
    return values
