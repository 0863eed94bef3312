"""Networks in threads give what they give one after the other, gradients and autocast too."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from models.side_by_side import _workers, call_each, one_thread, run_networks


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def outcome(recompute: bool) -> tuple[list[Tensor], list[Tensor]]:
    """Results of four networks, one of them frozen in part, and the gradients of all their parameters."""
    torch.manual_seed(0)
    nets = [nn.Linear(3, 2) for _ in range(4)]
    nets[1].bias.requires_grad_(False)
    x = torch.randn(5, 3)
    y = run_networks([lambda net=net: net(x).relu() for net in nets], [list(n.parameters()) for n in nets], recompute)
    sum(each.pow(2).sum() * (i + 1) for i, each in enumerate(y)).backward()
    return [each.detach() for each in y], [p.grad for net in nets for p in net.parameters()]


@pytest.mark.parametrize("recompute", [False, True])
def test_results_and_gradients(recompute: bool, two_threads: None) -> None:
    torch.manual_seed(0)
    nets = [nn.Linear(3, 2) for _ in range(4)]
    x = torch.randn(5, 3)
    plain = [net(x).relu() for net in nets]
    sum(each.pow(2).sum() * (i + 1) for i, each in enumerate(plain)).backward()
    grads = [p.grad for net in nets for p in net.parameters()]
    grads[3] = None  # the frozen bias
    y, found = outcome(recompute)
    for one, other in zip(y + found, plain + grads, strict=True):
        if other is None:
            assert one is None
        else:
            torch.testing.assert_close(one, other.detach())


@pytest.mark.parametrize(
    ("count", "threads", "expected"),
    [(6, 1, (1, 1)), (6, 2, (2, 1)), (6, 4, (2, 2)), (6, 6, (6, 1)), (6, 16, (2, 8)), (1, 4, (1, 4)), (3, 2, (1, 2))],
)
def test_all_threads_are_used(count: int, threads: int, expected: tuple[int, int]) -> None:
    assert _workers(count, threads) == expected


def test_threads_compute_as_their_caller(two_threads: None) -> None:
    def look() -> tuple[int, bool, bool, int]:
        here = threading.get_ident()
        return torch.get_num_threads(), torch.is_grad_enabled(), torch.is_autocast_enabled("cpu"), here

    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        found = call_each([look] * 4)
    assert all(each[:3] == (1, False, True) for each in found)
    assert threading.get_ident() not in {each[3] for each in found}
    assert torch.get_num_threads() == 2
    assert call_each([look] * 4, at_a_time=1)[0] == (2, True, False, threading.get_ident())


def test_one_thread_leaves_the_others_to_the_calls(two_threads: None) -> None:
    with one_thread():
        with one_thread():
            assert torch.get_num_threads() == 1
            assert call_each([torch.get_num_threads], at_a_time=1) == [2]
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_what_a_call_raises_is_raised(two_threads: None) -> None:
    with pytest.raises(ZeroDivisionError):
        call_each([lambda: 1 / 0, lambda: 1])
    assert torch.get_num_threads() == 2
