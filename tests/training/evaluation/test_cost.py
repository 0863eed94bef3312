"""FLOPs and parameters against counts made by hand, from the published layers."""

from __future__ import annotations

import pytest
import torch

from models.branches import Branches
from models.shape import CHANNELS, STRIDES, Shape
from training.evaluation.classifier import Classifier
from training.evaluation.cost import cost, flops, latency_ms, parameters

V, K, KERNEL = 25, 3, 9


def _hand_count(channels: tuple[int, ...], strides: tuple[int, ...], classes: int) -> tuple[int, int]:
    """Parameters and FLOPs of one branch with its head, two a multiplication and addition."""
    frames, before, products, numbers = 50, 3, 0, 2 * 3 * V
    for i, (width, stride) in enumerate(zip(channels, strides, strict=True)):
        gather, mix = frames * V * K * V * before, frames * V * K * before * width
        bias = V * K * width
        frames = -(-frames // stride)
        temporal = frames * V * KERNEL * width * width
        projected = i > 0 and (before != width or stride > 1)
        residual = frames * V * before * width if projected else 0
        products += gather + mix + bias + temporal + residual
        numbers += K * V * V + K * (before * width + width) + KERNEL * width * width + width + 4 * width
        numbers += before * width + 3 * width if projected else 0
        before = width
    return numbers + before * classes + classes, 2 * (products + before * classes)


@pytest.mark.parametrize(
    ("channels", "strides"), [((5,), (1,)), ((4, 4), (1, 1)), ((4, 8, 8), (2, 1, 2)), (CHANNELS, STRIDES)]
)
def test_costs_equal_a_count_by_hand(channels: tuple[int, ...], strides: tuple[int, ...]) -> None:
    names = ("joint", "bone")
    model = Classifier(Branches(names, Shape(channels=channels, strides=strides)), 7)
    expected = [len(names) * count for count in _hand_count(channels, strides, 7)]
    assert [parameters(model), flops(model)] == expected
    torch.set_num_threads(2)  # two encoders side by side
    try:
        assert flops(model) == expected[1] and model.branches.alone
    finally:
        torch.set_num_threads(1)


def test_the_published_encoder_costs_what_is_published() -> None:
    numbers, operations = _hand_count(CHANNELS, STRIDES, 60)
    assert numbers == pytest.approx(0.83e6, rel=0.02)  # 0.82 million and the head
    assert operations > 0


def test_cost_leaves_mode_and_statistics_alone() -> None:
    model = Classifier(Branches(("joint",), Shape(channels=(4, 8), strides=(2, 2))), 3).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    held = cost(model, runs=3)
    assert model.training and all(torch.equal(before[n], t) for n, t in model.state_dict().items())
    assert held.latency_ms > 0 and held.threads == 1 and held.device == "cpu"


def test_a_model_that_fails_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Classifier(Branches(("joint",), Shape(channels=(4,), strides=(1,))), 3).train()

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(model, "forward", full)
    with pytest.raises(MemoryError):
        flops(model)
    assert model.training and model.branches.alone


def test_latency_is_that_of_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Classifier(Branches(("joint", "bone"), Shape(channels=(4,), strides=(2,))), 3)
    threads: list[int] = []
    monkeypatch.setattr(model, "forward", lambda *_: threads.append(torch.get_num_threads()))
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        latency_ms(model, runs=2)
        assert set(threads) == {1} and torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_latency_is_a_median_of_the_runs_after_the_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Classifier(Branches(("joint",), Shape(channels=(4,), strides=(2,))), 3)
    lengths = iter([9.0, 9.0, 9.0, 0.001, 0.002, 0.5])
    clock = [0.0]
    looks = []

    def tick() -> float:
        looks.append(1)
        if len(looks) % 2 == 0:
            clock[0] += next(lengths)
        return clock[0]

    monkeypatch.setattr("training.evaluation.cost.time.perf_counter", tick)
    assert latency_ms(model, runs=3) == pytest.approx(2.0)
