"""Cost of a recogniser: its parameters, and the floating-point operations and the time of one clip.

Shape suffixes: N clips, P people, T frames, V joints, C coordinates.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from models.modalities import FRAMES
from training.evaluation.classifier import Classifier

WARM_UP = 3


def _clip(device: str | torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Make one clip of one person.

    Its numbers do not matter, but joints must not coincide.
    """
    rng = torch.Generator().manual_seed(0)
    joints_NPTVC = torch.randn(1, 1, FRAMES, 25, 3, generator=rng)
    return joints_NPTVC.to(device), torch.tensor([float(FRAMES)], device=device)


def parameters(model: nn.Module) -> int:
    """Count the parameters, those of heads included."""
    return sum(p.numel() for p in model.parameters())


@torch.no_grad()
def flops(model: Classifier) -> int:
    """Count the operations of one clip of one person, two for a multiplication and addition.

    Counted are convolutions and matrix products, those of graph convolutions among them; what works element by element
    (modalities, batch-norm, ReLU) is not, as is usual.
    """
    training = model.training
    device = next(model.parameters()).device
    alone, model.branches.alone = model.branches.alone, False  # one after the other: the counter sees its own thread
    try:
        with FlopCounterMode(display=False) as counter:
            model.eval()(*_clip(device))
    finally:
        model.branches.alone = alone
        model.train(training)
    return int(counter.get_total_flops())


@torch.inference_mode()
def latency_ms(model: Classifier, runs: int = 30) -> float:
    """Measure the median time of one clip of one person, in milliseconds.

    It runs from normalised joints to branch logits; on a CPU on one thread, because on several it would depend on
    whether the number of encoders divides among them.
    """
    training = model.training
    device = next(model.parameters()).device
    clip, times, threads = _clip(device), [], torch.get_num_threads()
    model.eval()
    torch.set_num_threads(1)
    try:
        for _ in range(WARM_UP + runs):
            began = time.perf_counter()
            model(*clip)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            times.append(1000 * (time.perf_counter() - began))
    finally:
        torch.set_num_threads(threads)
        model.train(training)
    return statistics.median(times[WARM_UP:])


@dataclass(frozen=True, slots=True)
class Cost:
    """Cost of one clip.

    Attributes:
        parameters: of the model.
        flops: of one clip of one person.
        latency_ms: median time of that clip.
        threads: on which that was measured.
        device: that it was measured on.
    """

    parameters: int
    flops: int
    latency_ms: float
    threads: int
    device: str


def cost(model: Classifier, runs: int = 30) -> Cost:
    """Measure parameters, FLOPs and latency in milliseconds, and note what they were measured with."""
    return Cost(
        parameters=parameters(model),
        flops=flops(model),
        latency_ms=round(latency_ms(model, runs), 3),
        threads=1,
        device=str(next(model.parameters()).device),
    )
