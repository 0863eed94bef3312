"""How much of the queue is taken at a time: by the cache on a CPU, by the free memory on a GPU."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from training.method import queue_sums as module
from training.method.queue_sums import CHUNK, chunk_for, queue_sums

ROWS = 128 * 21  # 128 clips, six streams and their 15 pairs


@pytest.mark.parametrize(("free_gb", "expected"), [(80, 32768), (8, 32768), (1.0, 15500), (0.1, CHUNK)])
def test_a_gpu_takes_what_fits_in_half_of_its_free_memory(
    free_gb: float, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = int(0.2 * free_gb * 1e9)  # kept by torch, and not in use
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (int(free_gb * 1e9) - held, 10**12))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda _: held + 5)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda _: 5)
    assert chunk_for(torch.device("cuda"), ROWS, 32768) == expected
    assert chunk_for(torch.device("cuda"), ROWS, 100) == 100


def test_a_cpu_keeps_to_its_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chunk_for(torch.device("cpu"), ROWS, 32768) == CHUNK
    taken = []
    plan = module.SumPlan.slices
    monkeypatch.setattr(module.SumPlan, "slices", lambda self: taken.append(self.chunk) or plan(self))
    z = F.normalize(torch.randn(2, 3, 4), dim=-1)
    queue_sums(z.unbind(), F.normalize(torch.randn(2, 9, 4), dim=-1).unbind(), [(0, 1)], 0.1, None)
    assert taken == [CHUNK]
