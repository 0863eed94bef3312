"""A block's own training step gives what its modules give: results, gradients, running statistics, less memory."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest
import torch

from models.block_step import train_blocks
from models.encoder import Block, Encoder
from models.lock_step import Total
from tests.models.meeting import Meeting, by_threads

CHANNELS, STRIDES = (8, 8, 16, 64, 64), (1, 1, 2, 2, 1)


def encoder(own: bool, dropout: float, dtype: torch.dtype) -> Encoder:
    torch.manual_seed(0)
    net = Encoder(CHANNELS, STRIDES, dropout=dropout).to(dtype).train()
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if name.endswith("bias"):
                parameter += 0.1 * torch.randn_like(parameter)
    for block in net.blocks:
        assert isinstance(block, Block) and block.own_step
        block.own_step = own
    return net


def outcome(own: bool, dropout: float, dtype: torch.dtype, bf16: bool = False) -> dict[str, torch.Tensor]:
    """Everything that a step gives, by name."""
    net = encoder(own, dropout, dtype)
    x = torch.randn(4, 50, 25, 3, dtype=dtype).requires_grad_()
    torch.manual_seed(1)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        h = net(x)
    upstream = torch.randn(h.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).to(h.dtype)
    h.backward(upstream)
    assert x.grad is not None
    grads = {name: p.grad for name, p in net.named_parameters()}
    assert all(grad is not None for grad in grads.values())
    return {"h": h.detach(), "x": x.grad, **grads, **{f"its {name}": b for name, b in net.named_buffers()}}


@pytest.mark.parametrize("dropout", [0.0, 0.5, 0.3])  # none, by bits, by bytes
def test_as_the_modules(dropout: float) -> None:
    own, modules = (outcome(which, dropout, torch.float64) for which in (True, False))
    assert own.keys() == modules.keys() and len(own) > 90
    for name, expected in modules.items():
        # The biases before a norm have no gradient but rounding; the step's own are 0.
        torch.testing.assert_close(own[name], expected, rtol=1e-9, atol=1e-10, msg=name)


def test_as_the_modules_in_bf16() -> None:
    """As far from the exact step as the modules are in the same precision, over all gradients together."""
    exact = outcome(True, 0.5, torch.float32)
    own, modules = (outcome(which, 0.5, torch.float32, True) for which in (True, False))
    assert own["h"].dtype == modules["h"].dtype
    off = []
    for found in (own, modules):
        errors = {
            name: (x.double() - exact[name].double()).norm() / exact[name].double().norm() for name, x in found.items()
        }
        assert errors["h"] < 0.02 and errors["its blocks.4.tcn.3.running_var"] < 0.02
        off.append(torch.stack([e for n, e in errors.items() if n.endswith("weight")]).median())
    assert off[0] < 1.3 * off[1]


def test_it_keeps_less() -> None:
    """Numbers that a step of each way keeps for the backward pass."""
    kept = []
    for own in (True, False):
        sizes: dict[int, int] = {}
        net = encoder(own, 0.5, torch.float32)
        hold = lambda x: sizes.update({x.data_ptr(): x.numel() * x.element_size()}) or x  # noqa: B023, E731
        with torch.autograd.graph.saved_tensors_hooks(hold, lambda x: x):
            net(torch.randn(2, 50, 25, 3))
        kept.append(sum(sizes.values()))
    assert kept[0] < 0.5 * kept[1]


def test_norms_move_as_those_of_modules_where_all_batches_count_alike() -> None:
    """A momentum of None: the running statistics become the mean over all batches."""
    nets = [encoder(own, 0.0, torch.float64) for own in (True, False)]
    for net in nets:
        for module in net.modules():
            if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                module.momentum = None
        for seed in range(3):
            with torch.no_grad():
                net(torch.randn(2, 20, 25, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))
    for (name, one), other in zip(nets[0].named_buffers(), nets[1].buffers(), strict=True):
        torch.testing.assert_close(one, other, msg=name)


def test_a_finished_model_takes_its_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.encoder.train_block", lambda *_: pytest.fail("a training step"))
    assert encoder(True, 0.5, torch.float32).eval()(torch.randn(1, 50, 25, 3)).shape == (1, 64)


def of_blocks(blocks: Sequence[Block], part: slice, total: Total | None) -> dict[str, torch.Tensor]:
    """What a step of two blocks of one shape gives on a share of four clips."""
    rng = torch.Generator().manual_seed(3)
    found = {}
    x = [torch.randn(4, 8, 13, 25, generator=rng, dtype=torch.float64)[part].requires_grad_() for _ in blocks]
    A_KVV = torch.rand(3, 25, 25, generator=rng, dtype=torch.float64)
    y = train_blocks([(x[i], b.gcn.matrices(A_KVV), b.tcn, b.residual) for i, b in enumerate(blocks)], total)
    upstream = torch.randn(2, 4, *y[0].shape[1:], generator=rng, dtype=torch.float64)[:, part]
    (torch.stack(y) * upstream).sum().backward()
    for i, block in enumerate(blocks):
        found |= {f"share {i} y": y[i].detach(), f"share {i} x": x[i].grad}
        found |= {f"sum {i} {name}": p.grad for name, p in block.named_parameters()}
        found |= {f"same {i} {name}": b for name, b in block.named_buffers()}
    return found


@pytest.mark.parametrize(("out", "stride", "residual"), [(8, 1, False), (8, 1, True), (16, 2, True)])
def test_shares_of_a_batch_have_the_norms_of_the_whole(out: int, stride: int, residual: bool) -> None:
    """Of one clip and of three, in two messages forward and two backward for both blocks."""
    torch.manual_seed(0)
    alone = [Block(8, out, stride, residual, 0.0).double().train() for _ in range(2)]
    for parameter in (p for block in alone for p in block.parameters()):
        torch.nn.init.normal_(parameter, std=0.3)
    many = [copy.deepcopy(alone) for _ in range(2)]
    meeting, parts = Meeting(2), (slice(0, 1), slice(1, 4))
    whole = of_blocks(alone, slice(None), None)
    found = by_threads(2, lambda r: of_blocks(many[r], parts[r], meeting.all_reduce))
    assert meeting.count == 4
    for name, expected in whole.items():
        both = [part[name] for part in found]
        one = {"share": torch.cat, "sum": sum, "same": lambda each: each[0]}[name.split()[0]](both)
        torch.testing.assert_close(one, expected, rtol=1e-9, atol=1e-9, msg=name)
