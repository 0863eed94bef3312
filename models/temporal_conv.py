"""The temporal convolution, on a CPU by way of frequencies, which takes a quarter of the multiplications.

A convolution over T frames is, for each of L frequencies of the discrete Fourier transform, a matrix product over
channels. L only has to keep apart those frames that the convolution returns: T + 4 for nine taps. A product of complex
numbers takes three of real ones (Gauss), so that 13 frames cost 25 products of matrices instead of 13 x 9. The
transforms are orthogonal: the result is rounded no worse than the direct one.

Shape suffixes: B clips x people, T / F frames in / out, V joints, C / O channels in / out, J taps, P products,
R = B x V rows, X rows.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx

from models.system.cores import has_matrix_units


@functools.cache
def matrices(frames: int, taps: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Return the matrices to the products and back: of the frames (P, T), of the taps (P, J) and of the result (T, P).

    Args:
        frames: T, in and out: the stride is 1 and the padding keeps the length.
        taps: J, odd.
        dtype: of the matrices.
    """
    pad = taps // 2
    L = frames + pad
    f = torch.arange(L // 2 + 1, dtype=torch.float64)

    def waves(first: int, count: int) -> tuple[Tensor, Tensor]:
        angle = 2 * math.pi / L * torch.outer(f, torch.arange(first, first + count, dtype=torch.float64))
        return angle.cos(), angle.sin()

    # Frequencies that are their own mirror image are real, the others stand for two.
    real, both = f[(2 * f) % L == 0].long(), f[(2 * f) % L != 0].long()
    (cos, sin), (cos_j, sin_j) = waves(0, frames), waves(-pad, taps)
    # (a - ib)(c + id), as k1 - k3 and k1 + k2 of k1 = c (a - b), k2 = a (d - c), k3 = -b (c + d).
    into_PT = torch.cat([cos[real], (cos - sin)[both], cos[both], -sin[both]])
    taps_PJ = torch.cat([cos_j[real], cos_j[both], (sin_j - cos_j)[both], (cos_j + sin_j)[both]])
    out_PT = torch.cat([cos[real], 2 * (cos - sin)[both], -2 * sin[both], -2 * cos[both]]) / L
    return into_PT.to(dtype), taps_PJ.to(dtype), out_PT.t().contiguous().to(dtype)


def pays(x_BTVC: Tensor, weight_OCJ1: Tensor, stride: int) -> bool:
    """Return whether products and transforms cost clearly less than the direct way, by counting a joint's.

    In bfloat16 they are taken in float32, and pay where the processor has no units for the direct way.
    """
    if x_BTVC.device.type != "cpu" or stride != 1 or (x_BTVC.dtype == torch.bfloat16 and has_matrix_units()):
        return False
    (out, C, J, _), T = weight_OCJ1.shape, x_BTVC.shape[1]
    products = 1.5 * (T + J // 2) + 1
    return 1.5 * products * (C * out + T * (C + out)) < J * T * C * out


class TemporalConv(nn.Conv2d):
    """A convolution over time. In training it takes the way that costs less."""

    def __init__(self, channels: int, taps: int, stride: int) -> None:
        super().__init__(channels, channels, (taps, 1), (stride, 1), (taps // 2, 0))

    def forward(self, x_BCTV: Tensor) -> Tensor:
        x_BTVC = x_BCTV.permute(0, 2, 3, 1)
        if not self.training or torch.compiler.is_compiling() or not pays(x_BTVC, self.weight, self.stride[0]):
            return super().forward(x_BCTV)
        assert self.bias is not None, "the temporal convolution has a bias"
        if torch.is_autocast_enabled("cpu"):
            x_BTVC = x_BTVC.to(torch.get_autocast_dtype("cpu"))
        y_BTVO = _ByFrequency.apply(x_BTVC, self.weight) + self.bias.to(x_BTVC.dtype)
        return y_BTVO.permute(0, 3, 1, 2)


class _Context(FunctionCtx):
    """Values that the forward pass leaves to the backward pass."""

    saved_tensors: tuple[Tensor, ...]


class _ByFrequency(torch.autograd.Function):
    @staticmethod
    def forward(ctx: _Context, x_BTVC: Tensor, weight_OCJ1: Tensor) -> Tensor:
        ctx.save_for_backward(x_BTVC, weight_OCJ1)
        return _by_frequency(x_BTVC, weight_OCJ1)

    @staticmethod
    def backward(ctx: _Context, grad_BTVO: Tensor) -> tuple[Tensor, Tensor]:
        return _by_frequency_backward(grad_BTVO, *ctx.saved_tensors)


def convolve(x_BTVC: Tensor, weight_OCJ1: Tensor, stride: int) -> Tensor:
    """Compute the convolution without its bias, (B, F, V, O). No gradient flows through it."""
    if pays(x_BTVC, weight_OCJ1, stride):
        return _by_frequency(x_BTVC, weight_OCJ1)
    pad = (weight_OCJ1.shape[2] // 2, 0)
    y_BOFV = torch.conv2d(x_BTVC.permute(0, 3, 1, 2), weight_OCJ1, None, (stride, 1), pad)
    return y_BOFV.permute(0, 2, 3, 1).contiguous()


def convolve_backward(grad_BFVO: Tensor, x_BTVC: Tensor, weight_OCJ1: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Return the gradients of `convolve` for its input and weight."""
    if pays(x_BTVC, weight_OCJ1, stride):
        return _by_frequency_backward(grad_BFVO, x_BTVC, weight_OCJ1)
    pad, tensors = [weight_OCJ1.shape[2] // 2, 0], (grad_BFVO.permute(0, 3, 1, 2), x_BTVC.permute(0, 3, 1, 2))
    how = (weight_OCJ1, None, [stride, 1], pad, [1, 1], False, [0, 0], 1, [True, True, False])
    x_BCTV, weight, _ = torch.ops.aten.convolution_backward(*tensors, *how)
    return x_BCTV.permute(0, 2, 3, 1).contiguous(), weight


def _by_frequency(x_BTVC: Tensor, weight_OCJ1: Tensor) -> Tensor:
    B, T, V, _ = x_BTVC.shape
    dtype, x_BTVC, weight_OCJ1 = x_BTVC.dtype, _wide(x_BTVC), _wide(weight_OCJ1)
    into_PT, taps_PJ, out_TP = matrices(T, weight_OCJ1.shape[2], x_BTVC.dtype)
    y_PRO = torch.bmm(_spread(into_PT, x_BTVC), _weights(weight_OCJ1, taps_PJ).transpose(1, 2))
    return _gather(out_TP, y_PRO, (B, T, V, len(weight_OCJ1))).to(dtype)


def _by_frequency_backward(grad_BTVO: Tensor, x_BTVC: Tensor, weight_OCJ1: Tensor) -> tuple[Tensor, Tensor]:
    (out, C, J, _), dtypes = weight_OCJ1.shape, (x_BTVC.dtype, weight_OCJ1.dtype)
    grad_BTVO, x_BTVC, weight_OCJ1 = _wide(grad_BTVO), _wide(x_BTVC), _wide(weight_OCJ1)
    into_PT, taps_PJ, out_TP = matrices(x_BTVC.shape[1], J, x_BTVC.dtype)
    grad_PRO = _spread(out_TP.t(), grad_BTVO)
    weight_POC = torch.bmm(grad_PRO.transpose(1, 2), _spread(into_PT, x_BTVC))
    weight_XJ = weight_POC.view(-1, out * C).t() @ taps_PJ
    x_PRC = torch.bmm(grad_PRO, _weights(weight_OCJ1, taps_PJ))
    del grad_PRO
    return _gather(into_PT.t(), x_PRC, x_BTVC.shape).to(dtypes[0]), weight_XJ.view(out, C, J, 1).to(dtypes[1])


def _wide(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))


def column_sums(x_XC: Tensor) -> Tensor:
    """Sum over the rows by a matrix product, which is quicker than a sum, (C,)."""
    return (x_XC.new_ones(1, len(x_XC)) @ x_XC)[0]


def _weights(weight_OCJ1: Tensor, taps_PJ: Tensor) -> Tensor:
    """Transform the weights, (P, O, C)."""
    out, C, J, _ = weight_OCJ1.shape
    return (taps_PJ @ weight_OCJ1.reshape(out * C, J).t()).view(-1, out, C)


def _spread(into_PT: Tensor, x_BTVC: Tensor) -> Tensor:
    """Transform frames to products, (P, R, C)."""
    B, T, V, C = x_BTVC.shape
    P = len(into_PT)
    out_PBX = x_BTVC.new_empty(P, B, V * C)
    torch.bmm(into_PT.expand(B, P, T), x_BTVC.reshape(B, T, V * C), out=out_PBX.transpose(0, 1))
    return out_PBX.view(P, B * V, C)


def _gather(out_TP: Tensor, y_PRO: Tensor, shape: Sequence[int]) -> Tensor:
    """Transform products to frames, of the given shape (B, T, V, O)."""
    P, B, T = len(y_PRO), *shape[:2]
    return torch.bmm(out_TP.expand(B, T, P), y_PRO.view(P, B, -1).transpose(0, 1)).view(*shape)
