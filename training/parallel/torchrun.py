"""Data-parallel training under torchrun. Every process takes its share of a batch; all end with the same weights.

Shapes: M modalities, n clips of this process, N clips of all processes, D width of a key, C channels.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn.modules.batchnorm import _BatchNorm


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


def gather_keys(k_MnD: Tensor, group: Group) -> Tensor:
    """Gather the keys of all processes in the order of the global batch, (M, N, D)."""
    if group.world == 1:
        return k_MnD
    parts = [torch.empty_like(k_MnD) for _ in range(group.world)]
    dist.all_gather(parts, k_MnD.contiguous())
    return torch.cat(parts, dim=1)


def average_gradients(parameters: Iterable[Tensor], group: Group) -> None:
    """Average the gradients over the processes, in one message."""
    if group.world == 1:
        return
    grads = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([g.flatten() for g in grads])
    dist.all_reduce(flat)
    flat /= group.world
    start = 0
    for grad in grads:
        grad.copy_(flat[start : start + grad.numel()].view_as(grad))
        start += grad.numel()


def average(value: Tensor, group: Group) -> Tensor:
    """Average a number over the processes."""
    if group.world > 1:
        dist.all_reduce(value)
        value = value / group.world
    return value


class _SumOverProcesses(torch.autograd.Function):
    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor) -> Tensor:
        x = x.clone()
        dist.all_reduce(x)
        return x

    @staticmethod
    def backward(ctx: FunctionCtx, grad: Tensor) -> Tensor:
        grad = grad.clone()
        dist.all_reduce(grad)
        return grad


def _shared_batch_norm(norm: _BatchNorm, x: Tensor) -> Tensor:
    """Normalise a training batch with the statistics of the global batch, on CPU and CUDA alike."""
    # Every norm of the encoders keeps running statistics, with a momentum.
    assert norm.running_mean is not None and norm.running_var is not None and norm.num_batches_tracked is not None
    assert norm.momentum is not None
    axes, shape = [0, *range(2, x.dim())], [1, -1, *[1] * (x.dim() - 2)]
    wide = x.float()
    count = wide.new_full((1,), wide.numel() / wide.shape[1])
    sums = _SumOverProcesses.apply(torch.cat([wide.sum(axes), count]))
    total = sums[-1].detach()
    mean_C = sums[:-1] / total
    centred = wide - mean_C.view(shape)
    var_C = _SumOverProcesses.apply((centred * centred).sum(axes)) / total
    with torch.no_grad():
        norm.running_mean.lerp_(mean_C, norm.momentum)
        norm.running_var.lerp_(var_C * (total / (total - 1)), norm.momentum)
        norm.num_batches_tracked += 1
    out = centred * torch.rsqrt(var_C + norm.eps).view(shape)
    return (out * norm.weight.view(shape) + norm.bias.view(shape)).to(x.dtype)


def share_statistics(module: nn.Module, group: Group) -> None:
    """Make every batch-norm of a module use the global batch's statistics.

    The names of the module's tensors stay as they are.
    """
    if group.world == 1:
        return
    for norm in module.modules():
        if isinstance(norm, _BatchNorm):
            # On the instance: the module stays, and with it the names of its tensors.
            norm.forward = _shared_forward(norm)  # type: ignore[method-assign, assignment]  # mypy knows classes alone


def _shared_forward(norm: _BatchNorm) -> Callable[[Tensor], Tensor]:
    """Return a forward function that shares statistics in training and is the norm's own otherwise."""
    own = norm.forward

    def forward(input: Tensor) -> Tensor:
        return _shared_batch_norm(norm, input) if norm.training else own(input)

    return forward
