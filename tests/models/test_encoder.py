"""The encoder against a twin that is written as the paper writes it."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from models.dropout import ByteDropout
from models.encoder import Encoder, PointConv, spread
from models.shape import CHANNELS, STRIDES
from models.skeleton import JOINTS, MIRROR, PART_V

SMALL = (4, 4, 4, 4, 6, 6, 6, 8, 8, 12)


def twin(encoder: Encoder, x_BTVC: Tensor) -> Tensor:
    """Convolve to all subsets with bias, then sum over subsets and source joints by einsum; nothing folded."""
    B, T, V, C = x_BTVC.shape
    x = encoder.data_bn(x_BTVC.permute(0, 2, 3, 1).reshape(B, V * C, T)).reshape(B, V, C, T).permute(0, 2, 3, 1)
    for block, importance in zip(encoder.blocks, encoder.edge_importance, strict=True):
        A = encoder.A * importance
        y = F.conv2d(x, block.gcn.conv.weight, block.gcn.conv.bias).unflatten(1, (3, -1))
        y = block.tcn(torch.einsum("nkctv,kvw->nctw", y, A))
        x = F.relu(y if block.residual is None else y + block.residual(x))
    return F.avg_pool2d(x, x.shape[2:]).flatten(1)


def shaken(encoder: Encoder) -> Encoder:
    """In float64, with biases, importances and statistics that are not the initial ones."""
    generator = torch.Generator().manual_seed(0)
    encoder = encoder.double()
    with torch.no_grad():
        for name, value in [*encoder.named_parameters(), *encoder.named_buffers()]:
            if value.is_floating_point() and name != "A":
                value += 0.2 * torch.rand(value.shape, generator=generator, dtype=value.dtype)
    return encoder


@pytest.mark.parametrize(
    ("batch", "frames", "training", "published"),
    [(1, 50, False, False), (3, 21, True, False), (3, 12, True, True), (2, 9, False, True)],
)
def test_against_the_twin(batch: int, frames: int, training: bool, published: bool) -> None:
    torch.manual_seed(batch)
    encoder = shaken(Encoder(SMALL, dropout=0.0, published_partition=published)).train(training)
    x = torch.randn(batch, frames, 25, 3, dtype=torch.float64)
    found, expected = encoder(x), twin(encoder, x)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    parameters = list(encoder.parameters())
    for one, other in zip(
        torch.autograd.grad(found.sum(), parameters), torch.autograd.grad(expected.sum(), parameters), strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_point_conv_is_the_convolution(batch: int) -> None:
    """On the input that makes oneDNN's own convolution write past its buffers."""
    torch.manual_seed(batch)
    conv = PointConv(8, 16, stride=2)
    x = torch.randn(batch, 8, 25, 25).to(memory_format=torch.channels_last).requires_grad_()
    exact = F.conv2d(x.double(), conv.weight.double(), conv.bias.double(), stride=(2, 1))
    upstream = torch.randn_like(exact)
    inputs = (x, conv.weight, conv.bias)
    torch.testing.assert_close(conv(x), exact.float())
    expected = torch.autograd.grad(exact, inputs, upstream)
    for one, other in zip(torch.autograd.grad(conv(x), inputs, upstream.float()), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_published_size() -> None:
    encoder = Encoder()
    assert sum(p.numel() for p in encoder.parameters()) == 821_380  # "0.82 M"
    assert encoder(torch.randn(2, 50, 25, 3)).shape == (2, 256)
    assert (CHANNELS[-1], STRIDES.index(2) + 1, len(CHANNELS)) == (256, 5, 10)


def test_initial_values() -> None:
    torch.manual_seed(0)
    block = Encoder().blocks[-1]
    assert block.tcn[2].weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert block.tcn[3].weight.mean().item() == pytest.approx(1.0, abs=0.01)
    assert block.tcn[3].weight.std().item() == pytest.approx(0.02, rel=0.2)
    assert not block.gcn.conv.bias.any()


def test_dropout_begins_in_block_2() -> None:
    shares = [block.tcn[4].dropped_of_256 / 256 for block in Encoder().blocks]
    assert shares == [0.0] + [0.5] * 9


def test_wrong_number_of_channels() -> None:
    with pytest.raises(ValueError, match="widths of as many blocks"):
        Encoder((16, 32))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_byte_dropout(p: float) -> None:
    """The share that is dropped is right, the mean stays, each step differs, and eval mode does nothing."""
    torch.manual_seed(0)
    dropout = ByteDropout(p)
    x = torch.ones(8, 5, 50, 25).to(memory_format=torch.channels_last).requires_grad_()
    out = dropout(x)
    assert (out == 0).float().mean().item() == pytest.approx(p, abs=0.01)
    assert out.mean().item() == pytest.approx(1.0, abs=0.05)
    assert not torch.equal(out, dropout(x))
    out.sum().backward()
    assert torch.equal(x.grad, out.detach())  # the same mask on the way back
    assert dropout.eval()(x) is x


def test_byte_dropout_wrong_probability() -> None:
    with pytest.raises(ValueError, match=r"in \[0, 1\)"):
        ByteDropout(1.0)


def test_spread_is_the_deviation_of_each_part() -> None:
    x = torch.randn(2, 3, 7, 25, generator=torch.Generator().manual_seed(0))
    found = spread(x).unflatten(1, (4, 3))
    for part in range(4):
        joints = [v for v in range(25) if PART_V[v] == part]
        expected = x[..., joints].flatten(2).std(2, correction=0)
        torch.testing.assert_close(found[:, part], expected)
    assert spread(torch.ones_like(x)).max() < 1e-6


def test_parts_of_the_body() -> None:
    named = {name: PART_V[v] for v, name in enumerate(JOINTS)}
    hand, arm, foot, leg = (named[name] for name in ("left_tip", "left_elbow", "left_ankle", "left_hip"))
    assert len({hand, arm, foot, leg}) == 4 and named["head"] == named["right_shoulder"] == named["spine_mid"] == arm
    assert (PART_V[MIRROR] == PART_V).all()
