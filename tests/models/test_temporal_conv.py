"""The convolution by frequencies is the convolution, to rounding; it is taken where it pays, and in training alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models import temporal_conv
from models.temporal_conv import TemporalConv, convolve, convolve_backward, matrices, pays


def direct(conv: TemporalConv, x_BTVC: torch.Tensor) -> torch.Tensor:
    return nn.Conv2d.forward(conv, x_BTVC.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


@pytest.mark.parametrize("frames", [1, 2, 7, 12, 13, 25])  # odd and even numbers of frequencies
@pytest.mark.parametrize("taps", [3, 9])
def test_by_frequency_against_the_convolution(frames: int, taps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporal_conv, "pays", lambda *_: True)
    torch.manual_seed(frames)
    conv = TemporalConv(6, taps, 1).double()
    x = torch.randn(3, frames, 5, 6, dtype=torch.float64, requires_grad=True)
    found, expected = conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1), direct(conv, x)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    upstream, inputs = torch.randn_like(expected), (x, conv.weight, conv.bias)
    of_found = torch.autograd.grad(found, inputs, upstream)
    for one, other in zip(of_found, torch.autograd.grad(expected, inputs, upstream), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_without_autograd(stride: int, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the blocks call it, with float64 as the measure: no worse than the direct way in the same precision."""
    monkeypatch.setattr(temporal_conv, "has_matrix_units", lambda: False)
    torch.manual_seed(stride)
    x, weight = torch.randn(2, 13, 5, 64).to(dtype), (0.02 * torch.randn(64, 64, 9, 1)).to(dtype)
    grad = torch.randn(2, -(-13 // stride), 5, 64).to(dtype)
    assert pays(x, weight, stride) == (stride == 1)
    exact = [t.double().requires_grad_() for t in (x, weight)]
    y = nn.functional.conv2d(exact[0].permute(0, 3, 1, 2), exact[1], None, (stride, 1), (4, 0)).permute(0, 2, 3, 1)
    expected = [y.detach(), *torch.autograd.grad(y, exact, grad.double())]
    found = [convolve(x, weight, stride), *convolve_backward(grad, x, weight, stride)]
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == dtype
        allowed = (2e-6 if dtype == torch.float32 else 2e-2) * other.abs().max()
        assert (one.double() - other).abs().max() < allowed


def test_thirteen_frames_cost_25_products() -> None:
    into_PT, taps_PJ, out_TP = matrices(13, 9, torch.float64)
    assert into_PT.shape == (25, 13) and taps_PJ.shape == (25, 9) and out_TP.shape == (13, 25)


@pytest.mark.parametrize(
    ("channels", "frames", "stride", "dtype", "units", "expected"),
    [
        (256, 13, 1, torch.float32, True, True),
        (32, 25, 1, torch.float32, False, True),
        (16, 50, 1, torch.float32, False, False),  # the transforms would cost more than they spare
        (64, 25, 2, torch.float32, False, False),
        (256, 600, 1, torch.float32, False, False),
        (256, 13, 1, torch.bfloat16, False, True),
        (256, 13, 1, torch.bfloat16, True, False),
    ],
)
def test_where_it_pays(
    channels: int,
    frames: int,
    stride: int,
    dtype: torch.dtype,
    units: bool,
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(temporal_conv, "has_matrix_units", lambda: units)
    x, weight = torch.empty(1, frames, 25, channels, dtype=dtype), torch.empty(channels, channels, 9, 1, dtype=dtype)
    assert pays(x, weight, stride) == expected


def test_a_finished_model_convolves_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporal_conv, "_by_frequency", lambda *_: pytest.fail("by frequency"))
    x = torch.randn(1, 64, 13, 25)
    assert TemporalConv(64, 9, 1).eval()(x).shape == x.shape
    with pytest.raises(pytest.fail.Exception):
        TemporalConv(64, 9, 1)(x)
