"""Dropout that does not wait for random numbers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

_LOWEST_BITS = 0x0101010101010101  # of each byte of a word


_here = threading.local()


@contextmanager
def drawing_from(generator: torch.Generator) -> Iterator[None]:
    """Let dropout draw from a generator of its own within this, in this thread, instead of torch's one for all."""
    before, _here.generator = getattr(_here, "generator", None), generator
    try:
        yield
    finally:
        _here.generator = before


class ByteDropout(nn.Module):
    """Dropout from one random byte for each element, or one bit where half of them are dropped.

    On a CPU torch draws one Bernoulli variable at a time, which cost 28 % of a training step in bf16. Here eight
    elements share a 64-bit draw. The probability is rounded to a multiple of 1/256, and the scale fits the rounded one.

    Args:
        p: Probability that an element becomes zero.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"the dropout probability must be in [0, 1); got {p}")
        self.dropped_of_256 = min(round(p * 256), 255)

    @property
    def factor(self) -> float:
        """Factor of the elements that are kept, in training."""
        return 256 / (256 - self.dropped_of_256) if self.training else 1.0

    def kept(self, like: Tensor) -> Tensor | None:
        """Draw which elements are kept: bytes of 1 or 0 of a tensor's shape, or None where all are."""
        if not self.training or not self.dropped_of_256:
            return None
        half = self.dropped_of_256 == 128  # then a bit for each element will do
        words = torch.empty(-(-like.numel() // (64 if half else 8)), dtype=torch.int64, device=like.device)
        generator = None if torch.compiler.is_compiling() else getattr(_here, "generator", None)
        words.random_(-(2**63), None, generator=generator)
        if half:
            words = (words >> torch.arange(8, device=like.device)[:, None]).bitwise_and_(_LOWEST_BITS)
        bytes_ = words.view(-1).view(torch.uint8)
        # Compared in place, bytes stay bytes, which is ten times as quick as making bools of them.
        bytes_ = bytes_ if half else bytes_.ge_(self.dropped_of_256)
        # The strides of a dense copy: the bytes then lie in memory as the elements do (channels last, mostly).
        return bytes_.as_strided(like.shape, torch.empty_like(like).stride())

    def forward(self, x: Tensor) -> Tensor:
        kept = self.kept(x)
        return x if kept is None else x * kept.to(x.dtype).mul_(self.factor)

    def extra_repr(self) -> str:
        return f"p={self.dropped_of_256 / 256}"
