"""Shared batch-norm: that of the whole batch on each share, forward and backward, in few messages."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.branches import Branches
from models.modality_names import MODALITIES
from models.shape import Shape
from tests.models.meeting import Meeting, by_threads
from training.config.schema import PretrainConfig
from training.data.store import Batch
from training.method.pretrain import Pretrainer, prepare_encoders
from training.parallel import shared_norms as shared_module
from training.parallel.in_step import encode_in_step
from training.parallel.shared_norms import share_statistics, shared_norms
from training.parallel.torchrun import Group, rehearsed

SHAPE = Shape(channels=(4, 4, 8), strides=(1, 2, 1), dropout=0.0)
NAMES = ("joint", "bone")


def step(branches: Branches, part: slice) -> tuple[Tensor, dict[str, Tensor], Tensor]:
    """h, gradients and a running variance after one training step on a share of four clips."""
    rng = torch.Generator().manual_seed(3)
    x = (0.3 * torch.randn(4, 1, 50, 25, 3, generator=rng))[part].requires_grad_(True)
    weight = torch.randn(2, 4, 8, generator=rng)[:, part]
    h_MNH = branches.train().encode(x, torch.full((len(x),), 70.0))
    grads = torch.autograd.grad((h_MNH * weight).sum(), [x, *branches.encoders.parameters()])
    names = ["x", *(name for name, _ in branches.encoders.named_parameters())]
    return h_MNH.detach(), dict(zip(names, grads, strict=True)), branches.encoders["bone"].blocks[2].tcn[3].running_var


def as_on_a_gpu(branches: Branches) -> None:
    """Let the branches run in step with autograd's backward pass, where blocks take their own on a CPU."""
    branches.together = lambda encoders, inputs: encode_in_step(encoders, inputs, shared_norms)


@pytest.mark.parametrize("way", ["in step", "in step, as on a GPU", "norm by norm"])
@pytest.mark.parametrize("world", [2, 4])
def test_shares_of_a_batch_are_normalised_as_the_whole(world: int, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    alone = Branches(NAMES, SHAPE, (8, 4))
    many = [copy.deepcopy(alone) for _ in range(world)]
    for branches in many:
        share_statistics(branches, Group(0, world), way != "norm by norm")
        if way == "in step, as on a GPU":
            as_on_a_gpu(branches)
    monkeypatch.setattr(shared_module, "all_reduce", Meeting(world).all_reduce)
    h, grads, variance = step(alone, slice(None))
    n = 4 // world
    found = by_threads(world, lambda r: step(many[r], slice(r * n, (r + 1) * n)))
    torch.testing.assert_close(torch.cat([part[0] for part in found], 1), h, rtol=1e-3, atol=1e-5)
    # A bias before a norm has no gradient but rounding, so the largest gradient says what is small.
    largest = max(float(grad.abs().max()) for name, grad in grads.items() if name != "x")
    for name, grad in grads.items():
        parts, least = [part[1][name] for part in found], float(grad.abs().max()) if name == "x" else largest
        together = torch.cat(parts) if name == "x" else sum(parts)
        torch.testing.assert_close(together, grad, rtol=2e-3, atol=1e-4 * least, msg=name)
    for part in found:
        torch.testing.assert_close(part[2], variance, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("bf16", [False, True])
def test_on_a_cpu_blocks_take_their_own_step(bf16: bool) -> None:
    """It gives what autograd's path gives: values, gradients and running statistics, with the same elements dropped."""
    torch.manual_seed(0)
    both = [Branches(NAMES, replace(SHAPE, dropout=0.5), (8, 4)) for _ in range(2)]
    both[1].load_state_dict(both[0].state_dict())
    found = []
    for branches in both:
        share_statistics(branches, Group(0, 2))
    as_on_a_gpu(both[1])
    for branches in both:
        torch.manual_seed(1)
        with rehearsed() as sent, torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            h, grads, _ = step(branches, slice(None))
        found.append({"h": h, **grads, **dict(branches.named_buffers())})
        assert sent.all_reduce == 7 + 7  # forward and backward of seven layers
    largest = max(float(grad.abs().max()) for grad in found[1].values())
    for name, expected in found[1].items():
        # What is only rounding: gradients of biases before a norm, and means of inputs whose mean is 0.
        least = largest if "bias" in name or "running_mean" in name else float(expected.abs().max())
        error = float((found[0][name].double() - expected.double()).abs().max())
        assert error <= (0.05 if bf16 else 1e-4) * least, (name, error, least)


def test_evaluation_shares_nothing() -> None:
    branches = Branches(NAMES, SHAPE, (8, 4))
    share_statistics(branches, Group(0, 2))
    with rehearsed() as sent, torch.no_grad():
        branches.eval().encode(torch.randn(1, 1, 50, 25, 3), torch.ones(1))
    assert sent.all_reduce == 0


@pytest.mark.parametrize(("recompute", "most"), [(False, 62), (True, 24 * 6 * 4)])
def test_a_step_sends_few_messages(recompute: bool, most: int) -> None:
    """The published encoder has 24 norms in 21 layers: forward and backward of the queries, forward of the keys."""
    shape = Shape(channels=(4,) * 9 + (8,), strides=(1, 1, 1, 1, 2, 1, 1, 2, 1, 1))
    config = PretrainConfig(epochs=2, stage1=1, queue=16, batch=4, shape=shape, recompute=recompute)
    trainer = Pretrainer(config, 64).train()
    prepare_encoders((trainer.query, trainer.key), config, Group(0, 2))
    x = torch.randn(2, 1, 50, 25, 3) * 0.3
    batch = Batch(x, torch.full((2,), 75.0), torch.ones(2, 1).bool(), torch.full((2,), -1), torch.arange(2))
    with rehearsed() as sent:
        trainer.losses(batch, batch, 1)["loss"].backward()
    assert len(config.modalities) == len(MODALITIES) == 6 and 0 < sent.all_reduce <= most
