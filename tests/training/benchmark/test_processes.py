"""A step that several processes share: its table, its messages, and what cannot be shared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from training.benchmark import processes
from training.benchmark.processes import share_steps, share_table
from training.benchmark.settings import Setting
from training.parallel import torchrun
from training.parallel.torchrun import Group, Traffic, average, counted, rehearsed

TINY = Setting(batch=4, queue=24, modalities=2, steps=2, rounds=2, channels=(4, 4, 4, 4, 4, 4, 4, 4, 4, 8))


def test_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {1: [[4.0, 8.0], [4.0, 4.0]], 2: [[2.0, 4.0], [3.2, 3.2]]}
    taken = []

    def run(count: int, setting: Setting) -> tuple[list[float], dict[str, int]]:
        taken.append(count)
        assert setting.threads == 1
        return seconds[count].pop(0), {"all_reduce": 64 * (count > 1), "gather": 2 * (count > 1)}

    monkeypatch.setattr(processes, "_run", run)
    monkeypatch.setattr(processes, "usable_cores", lambda: 1)
    result = share_steps(replace(TINY, batch=32), [1, 2])
    assert taken == [1, 2, 1, 2]  # in turns
    assert [row["step_s"] for row in result["shared"]] == [4.0, 3.2]
    assert result["shared"][1]["ratio"] == pytest.approx(1.625)  # of 2, 2, 1.25 and 1.25
    text = share_table(result)
    assert "        2      3.20    10.00   1.62x        66" in text and "2 processes share 1 cores" in text


def test_a_batch_that_cannot_be_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_run", lambda *_: pytest.fail("it ran"))
    with pytest.raises(ValueError, match="cannot be shared by 3"):
        share_steps(TINY, [1, 3])


def test_messages_are_counted_and_sent_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    sent = []
    monkeypatch.setattr(torchrun.dist, "all_reduce", sent.append)
    with counted() as outer:
        with rehearsed() as inner:
            average(torch.ones(2), Group(0, 2))
        assert not sent and inner == Traffic(all_reduce=1)
        average(torch.ones(2), Group(0, 2))
    assert len(sent) == 1 and outer == Traffic(all_reduce=1)
    torchrun.all_reduce(torch.ones(1))
    assert len(sent) == 2 and outer == Traffic(all_reduce=1)


@pytest.mark.slow
def test_two_processes() -> None:
    result = share_steps(replace(TINY, rounds=1), [1, 2])
    one, two = result["shared"]
    assert one["all_reduce"] == one["gather"] == 0 and (two["all_reduce"], two["gather"]) == (64, 2)
    assert len(two["seconds"]) == 2 and min(two["seconds"]) > 0
