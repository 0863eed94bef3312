"""Computations side by side: one message for what all want summed, and none where none is wanted."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.lock_step import Steps, in_step, run


def sums_of(*wanted: list[float]) -> Steps[list[list[float]]]:
    """Want one sum after the other, and return what came."""
    got = []
    for one in wanted:
        answer = yield torch.tensor(one)
        got.append(answer.tolist())
    return got


def test_messages_are_shared_by_those_that_go_on() -> None:
    sent: list[list[float]] = []

    def double(x: Tensor) -> None:
        sent.append(x.tolist())
        x *= 2

    many = [sums_of([1.0, 2.0], [3.0]), sums_of([4.0]), sums_of()]
    assert run(in_step(many), double) == [[[2.0, 4.0], [6.0]], [[8.0]], []]
    assert sent == [[1.0, 2.0, 4.0], [3.0]]


def test_one_alone_needs_no_messages() -> None:
    assert run(in_step([sums_of(), sums_of()])) == [[], []]
    with pytest.raises(AssertionError, match="no other process"):
        run(sums_of([1.0]))
