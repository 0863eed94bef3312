"""One pass over one queue gives the sums and their gradients, chunk by chunk."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from training.method.queue_log_sum import queue_log_sum


@pytest.mark.parametrize("chunk", [1, 4, 100])
@pytest.mark.parametrize("temperature", [0.001, 0.07, 1.0])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("lengths", [False, True])
def test_against_all_logits_at_once(chunk: int, temperature: float, masked: bool, lengths: bool) -> None:
    torch.manual_seed(0)
    q = F.normalize(torch.randn(3, 5, 6, dtype=torch.float64), dim=-1).requires_grad_()
    queue = torch.randn(11, 6, dtype=torch.float64)
    length = queue.norm(dim=1) if lengths else None
    mask = torch.rand(5, 11) < 0.3 if masked else None
    if mask is not None:
        mask[:, 7] = False
        mask[0, :4] = True  # a whole chunk of a clip
    found = queue_log_sum(q, queue, temperature, mask, chunk, length)
    logits = q @ (F.normalize(queue, dim=1) if lengths else queue).t() / temperature
    expected = (logits if mask is None else logits.masked_fill(mask, -torch.inf)).logsumexp(2)
    torch.testing.assert_close(found, expected)
    upstream = torch.randn_like(expected)
    for one, other in zip(torch.autograd.grad(found, q, upstream), torch.autograd.grad(expected, q, upstream)):
        torch.testing.assert_close(one, other)


def test_a_clip_without_columns() -> None:
    q, queue = torch.randn(1, 2, 3), torch.randn(4, 3)
    with pytest.raises(ValueError, match="longer queue"):
        queue_log_sum(q, queue, 0.1, torch.tensor([[True] * 4, [False] * 4]))
