"""A block's own training step gives what its modules give: results, gradients, running statistics, less memory."""

from __future__ import annotations

import pytest
import torch

from models.encoder import Block, Encoder

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
