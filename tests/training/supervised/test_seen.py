"""Weights of clips by domain."""

import numpy as np
import pytest

from training.supervised.seen import LEAST_SEEN, seen_parts, seen_weights


def test_the_domains_that_the_app_meets_count_alone_and_evenly() -> None:
    few = LEAST_SEEN - 1
    domains = ["raw"] * 10 + ["camera"] * 20 + ["webcam"] * 10 + ["raw"] * 5 + ["webcam"] * few
    weight = seen_weights(domains, ["a"] * 40 + ["b"] * (5 + few))
    assert weight.sum() == pytest.approx(1) and weight[40:].sum() == pytest.approx(0.5)
    assert not weight[:10].any() and weight[10:30].sum() == pytest.approx(weight[30:40].sum())
    assert np.ptp(weight[40:]) == 0  # too few of them were seen, so all count the same


def test_parts() -> None:
    mine = np.array([True, True, False, True])
    parts = seen_parts(mine, ["camera", "camera", "camera", "webcam"], least=1)
    assert [part.tolist() for part in parts] == [[True, True, False, False], [False, False, False, True]]
    (part,) = seen_parts(mine, ["raw", "camera", "camera", "webcam"], least=2)
    assert (part == mine).all()
