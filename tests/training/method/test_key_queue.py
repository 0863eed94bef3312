"""The queue of keys: aligned over the modalities, wrapping, unit rows, and it knows the clips' own columns."""

import pytest
import torch
from torch.nn import functional as F

from training.method.key_queue import NOISE, Queue

NAMES = ("joint", "motion", "bone")


def marked(ids: torch.Tensor, width: int = 8) -> torch.Tensor:
    """Keys that say which clip and modality they belong to, (M, N, D)."""
    keys = torch.zeros(len(NAMES), len(ids), width)
    keys[:, :, 0], keys[:, :, 1] = ids.float(), torch.arange(float(len(NAMES)))[:, None]
    return keys


class SlowQueue:
    """A list: newest keys overwrite the oldest, one at a time."""

    def __init__(self, length: int) -> None:
        self.ids, self.at = [NOISE] * length, 0

    def push(self, ids: list[int]) -> None:
        for i in ids:
            self.ids[self.at] = i
            self.at = (self.at + 1) % len(self.ids)


@pytest.mark.parametrize("length", [1, 5, 7, 64])
def test_columns_stay_aligned_and_wrap(length):
    queue, slow = Queue(NAMES, length, 8), SlowQueue(length)
    rng = torch.Generator().manual_seed(length)
    pushed = 0
    for _ in range(60):
        count = int(torch.randint(1, length + 1, (1,), generator=rng))
        ids_N = torch.randint(0, 1000, (count,), generator=rng)
        queue.push(marked(ids_N), ids_N)
        slow.push(ids_N.tolist())
        pushed += count
        assert queue.ids_K.tolist() == slow.ids
        assert int(queue.pointer) == slow.at and int(queue.filled) == min(pushed, length)
        known = queue.ids_K >= 0
        for m in range(len(NAMES)):
            assert torch.equal(queue.keys_MKD[m, known, 0], queue.ids_K[known].float())
            assert (queue.keys_MKD[m, known, 1] == m).all()


def test_a_push_over_the_end_wraps():
    queue = Queue(NAMES, 5, 8)
    queue.push(marked(torch.arange(4)), torch.arange(4))
    queue.push(marked(torch.arange(4, 7)), torch.arange(4, 7))
    assert queue.ids_K.tolist() == [5, 6, 2, 3, 4]
    assert queue.keys_MKD[:, :, 0].tolist() == [[5, 6, 2, 3, 4]] * 3
    assert int(queue.pointer) == 2 and int(queue.filled) == 5


@pytest.mark.parametrize("count", [5, 6, 11, 20])
def test_a_batch_longer_than_the_queue_leaves_its_newest(count):
    queue = Queue(NAMES, 5, 8)
    queue.push(marked(torch.arange(count)), torch.arange(count))
    assert sorted(queue.ids_K.tolist()) == list(range(count - 5, count))
    assert torch.equal(queue.keys_MKD[0, :, 0], queue.ids_K.float())
    assert int(queue.filled) == 5


def test_it_starts_as_unit_noise_of_nobody():
    queue = Queue(NAMES, 2000, 16)
    torch.testing.assert_close(queue.keys_MKD.norm(dim=-1), torch.ones(3, 2000))
    assert queue.keys_MKD.mean((0, 1)).abs().max() < 0.02
    assert (queue.ids_K == NOISE).all() and not queue.own_columns(torch.arange(9)).any()
    # No two modalities share their noise: such columns would look like perfect neighbours.
    assert (queue.keys_MKD[0] * queue.keys_MKD[1]).sum(-1).abs().mean() < 0.3


def test_own_columns():
    queue = Queue(NAMES, 6, 8)
    ids = torch.tensor([4, 9, 4, 2])
    queue.push(marked(ids), ids)
    own_NK = queue.own_columns(torch.tensor([4, 5, 2]))
    assert own_NK.int().tolist() == [[1, 0, 1, 0, 0, 0], [0] * 6, [0, 0, 0, 1, 0, 0]]


def test_keys_are_stored_without_a_graph():
    queue = Queue(NAMES, 6, 8)
    keys = F.normalize(torch.randn(3, 2, 8), dim=-1).requires_grad_()
    queue.push(keys, torch.arange(2))
    assert not queue.keys_MKD.requires_grad and torch.equal(queue.keys_MKD[:, :2], keys)
    with torch.no_grad():
        keys.zero_()
    assert queue.keys_MKD[:, :2].abs().sum() > 0, "the queue must hold a copy"


def test_state_goes_on_where_it_stood():
    queue, other = Queue(NAMES, 6, 8), Queue(NAMES, 6, 8)
    queue.push(marked(torch.arange(4)), torch.arange(4))
    other.load_state_dict(queue.state_dict())
    for one in (queue, other):
        one.push(marked(torch.arange(4, 8)), torch.arange(4, 8))
    assert torch.equal(queue.keys_MKD, other.keys_MKD) and torch.equal(queue.ids_K, other.ids_K)


def test_no_queue_without_columns():
    with pytest.raises(ValueError, match="at least one column"):
        Queue(NAMES, 0)
