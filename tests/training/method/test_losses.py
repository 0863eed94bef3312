"""Every loss, value and gradient, against its slow twin in float64; what may not matter does not.

Shape suffixes: N clips, M modalities, S student branches, K queue columns, D width of z, E = M x D.
"""

import importlib.util
import itertools
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from training.method import distil_losses as relations
from training.method import losses

_spec = importlib.util.spec_from_file_location("twins", Path(__file__).with_name("twins.py"))
twins = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(twins)

BATCHES, COUNTS, QUEUES, WIDTHS = (1, 2, 3, 8), (2, 3, 6), (5, 64, 300), (3, 16)
GRID = list(itertools.product(BATCHES, COUNTS, QUEUES, WIDTHS, (False, True)))
# A third of the whole grid for the losses that go over pairs of modalities, with every size and every two of them.
SOME = [sizes for i, sizes in enumerate(GRID) if i % 3 == 0]
T = 0.07
MODALITIES, CLIPS, COLUMNS = 3, 8, 64


def units(*shape: int, seed: int, grad: bool = False) -> torch.Tensor:
    x = torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return F.normalize(x, dim=-1).requires_grad_(grad)


def own_clip_mask(N: int, K: int, masked: bool) -> torch.Tensor | None:
    """What a queue that holds the first four clips over and over leaves out; clips 4 to 7 have no column of theirs."""
    if not masked:
        return None
    return torch.arange(N)[:, None] == torch.arange(K)[None] % 4


def check(found, expected, leaves: list[torch.Tensor], atol: float = 1e-10) -> None:
    """Same value, same gradients with respect to every query."""
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=atol)
    assert expected.isfinite() and found.dim() == 0
    mine = torch.autograd.grad(found, leaves, retain_graph=True)
    other = torch.autograd.grad(expected, leaves, retain_graph=True)
    for a, b in zip(mine, other, strict=True):
        assert b.abs().max() > 0
        torch.testing.assert_close(a, b, rtol=1e-8, atol=atol)


@pytest.mark.parametrize(("N", "M", "K", "D", "masked"), [sizes for sizes in GRID if sizes[1] == 2])
def test_info_nce(N, M, K, D, masked):
    q, k, queue = units(N, D, seed=1, grad=True), units(N, D, seed=2), units(K, D, seed=3)
    mask = own_clip_mask(N, K, masked)
    check(losses.info_nce(q, k, queue, T, mask), twins.info_nce(q, k, queue, T, mask), [q])


@pytest.mark.parametrize("context_gradient", [True, False])
@pytest.mark.parametrize("topk", [1, 3])
@pytest.mark.parametrize(("N", "M", "K", "D", "masked"), SOME)
def test_ekem(N, M, K, D, masked, topk, context_gradient):
    z, k, queue = units(M, N, D, seed=1, grad=True), units(M, N, D, seed=2), units(M, K, D, seed=3)
    arguments = (z, k, queue, T, topk, context_gradient, own_clip_mask(N, K, masked))
    check(losses.ekem(*arguments), twins.ekem(*arguments), [z])


@pytest.mark.parametrize(("N", "M", "K", "D", "masked"), GRID)
def test_ikem(N, M, K, D, masked):
    y, k, queue = units(M, N, M * D, seed=1, grad=True), units(M, N, D, seed=2), units(M, K, D, seed=3)
    mask = own_clip_mask(N, K, masked)
    check(losses.ikem(y, k, queue, T, mask), twins.ikem(y, k, queue, T, mask), [y])


@pytest.mark.parametrize("topk", [3, 8192])
@pytest.mark.parametrize(("N", "M", "K", "D", "masked"), SOME)
def test_cmd(N, M, K, D, masked, topk):
    z, k, queue = units(M, N, D, seed=1, grad=True), units(M, N, D, seed=2), units(M, K, D, seed=3)
    arguments = (z, k, queue, topk, 0.05, 0.1, own_clip_mask(N, K, masked))
    check(losses.cmd(*arguments), twins.cmd(*arguments), [z])


@pytest.mark.parametrize("S", [1, 3])
@pytest.mark.parametrize(("N", "M", "K", "D", "masked"), SOME)
def test_distillation(N, M, K, D, masked, S):
    """RCKD and the three it is compared with; the teacher is made of M modalities."""
    e, mask = units(S, N, M * D, seed=1, grad=True), own_clip_mask(N, K, masked)
    z, queue_z = units(M, N, D, seed=2), units(M, K, D, seed=3)
    t, queue_t = (F.normalize(x.transpose(0, 1).flatten(1), dim=1) for x in (z, queue_z))
    relation = (e, t, queue_t, z, queue_z, T, mask)
    check(relations.rckd(*relation), twins.rckd(*relation), [e])
    plain = (e, t, queue_t, 0.05, 0.1, mask)
    check(relations.kl(*plain), twins.kl(*plain), [e])
    across = (e, queue_t, z, queue_z, 4, 0.05, 0.1, mask)
    check(relations.cross_modal_kl(*across), twins.cross_modal_kl(*across), [e])
    check(relations.feature(e, t), twins.feature(e, t), [e])


def exchange_losses(z, y, k, queue, mask):
    """Name -> loss of the middling size, in whatever precision the tensors have."""
    return {
        "info_nce": losses.info_nce(z[0], k[0], queue[0], T, mask),
        "ekem": losses.ekem(z, k, queue, T, mask_NK=mask),
        "ikem": losses.ikem(y, k, queue, T, mask),
        "cmd": losses.cmd(z, k, queue, 16, mask_NK=mask),
        "rckd": relations.rckd(y, losses.concatenated(k), losses.concatenated(queue), k, queue, T, mask),
    }


def middling(dtype: torch.dtype = torch.float64):
    M, N, K, D = MODALITIES, CLIPS, COLUMNS, 16
    tensors = (units(M, N, D, seed=1), units(M, N, M * D, seed=2), units(M, N, D, seed=3), units(M, K, D, seed=4))
    return [x.to(dtype).requires_grad_() for x in tensors]


@pytest.mark.parametrize("masked", [False, True])
def test_float32_stays_close(masked):
    mask = own_clip_mask(CLIPS, COLUMNS, masked)
    exact, single = middling(), middling(torch.float32)
    for name, loss in exchange_losses(*single, mask).items():
        expected = exchange_losses(*exact, mask)[name]
        torch.testing.assert_close(loss.double(), expected, rtol=1e-5, atol=1e-5, msg=name)
        grads = torch.autograd.grad(loss, single[:2], allow_unused=True)
        for a, b in zip(grads, torch.autograd.grad(expected, exact[:2], allow_unused=True), strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                torch.testing.assert_close(a.double(), b, rtol=1e-3, atol=1e-5, msg=name)


def test_keys_and_queues_get_no_gradient():
    z, y, k, queue = middling()
    for name, loss in exchange_losses(z, y, k, queue, None).items():
        assert torch.autograd.grad(loss, [k, queue], allow_unused=True, retain_graph=True) == (None, None), name
        assert any(g is not None for g in torch.autograd.grad(loss, [z, y], allow_unused=True)), name


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("chunk", [1, 7, 63, 64, 65, 4096])
def test_chunks_change_nothing(monkeypatch, chunk, masked):
    q, queue = units(3, CLIPS, 16, seed=1, grad=True), units(3, COLUMNS, 16, seed=2)
    mask, pairs = own_clip_mask(CLIPS, COLUMNS, masked), [(0, 1), (0, 2), (1, 2)]
    weights = torch.arange(1.0, 7.0, dtype=torch.float64)[:, None]
    found = torch.cat(losses.queue_sums(q.unbind(), queue.unbind(), pairs, T, mask, chunk))
    s = torch.einsum("snd,skd->snk", q, queue)
    products = torch.stack([s[i] * s[j] for i, j in pairs])
    left = torch.zeros(CLIPS, COLUMNS, dtype=torch.bool) if mask is None else mask
    expected = (torch.cat([s, products]) / T).masked_fill(left, -torch.inf).logsumexp(2)
    torch.testing.assert_close(found, expected)
    check((found * weights).sum(), (expected * weights).sum(), [q])


def test_a_chunk_that_is_all_masked():
    """One clip's own keys may fill a whole chunk, at the start of the queue, too."""
    q, k, queue = units(2, 16, seed=1, grad=True), units(2, 16, seed=2), units(12, 16, seed=3)
    mask = torch.zeros(2, 12, dtype=torch.bool)
    mask[0, :4] = mask[1, 8:] = True
    sums, _ = losses.queue_sums([q], [queue], [], T, mask, 4)
    positive = (q * k).sum(1) / T
    check((torch.logaddexp(positive, sums[0]) - positive).mean(), twins.info_nce(q, k, queue, T, mask), [q])


def test_a_queue_of_nothing_but_own_keys_is_refused():
    q, queue, mask = units(2, 4, seed=1), units(3, 4, seed=2), torch.tensor([[False] * 3, [True] * 3])
    with pytest.raises(ValueError, match="longer queue"):
        losses.info_nce(q, q, queue, T, mask)


def test_fewer_free_columns_than_neighbours():
    """Two columns are left of five: both are neighbours, and none of the clip's own is."""
    z, k, queue = units(2, 1, 16, seed=1, grad=True), units(2, 1, 16, seed=2), units(2, 5, 16, seed=3)
    mask = torch.tensor([[True, False, True, False, True]])
    check(losses.ekem(z, k, queue, T, 3, True, mask), twins.ekem(z, k, queue, T, 3, True, mask), [z])


def test_masked_columns_do_not_matter():
    """Whatever the own clip's columns hold, value and gradient stay."""
    z, y, k, queue = middling()
    mask = own_clip_mask(CLIPS, COLUMNS, True)
    only = mask.any(0)
    other = torch.where(only[None, :, None], units(MODALITIES, COLUMNS, 16, seed=9), queue)
    # Only clips that own the changed columns are blind to them: take one clip at a time.
    for n in range(CLIPS):
        changed = torch.where(mask[n][None, :, None], other, queue)
        row = slice(n, n + 1)
        before = exchange_losses(z[:, row], y[:, row], k[:, row], queue, mask[row])
        after = exchange_losses(z[:, row], y[:, row], k[:, row], changed, mask[row])
        for name in before:
            torch.testing.assert_close(after[name], before[name], msg=name)


def test_one_modality_has_nothing_to_exchange():
    z, _, k, queue = (x[:1] for x in middling())
    with pytest.raises(ValueError, match="two modalities"):
        losses.ekem(z, k, queue, T)
    with pytest.raises(ValueError, match="two modalities"):
        losses.cmd(z, k, queue)


def test_mining_takes_the_context_of_the_other_modality():
    """Two columns by hand: v's nearest is column 1, so u gains from nearing column 1 and its product."""
    z = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]]], dtype=torch.float64)
    queue = torch.tensor([[[0.6, 0.8], [0.8, -0.6]], [[1.0, 0.0], [0.6, 0.8]]], dtype=torch.float64)
    k = z.clone()
    # u = 0: s = (0.6, 0.8); v = 1: s = (0, 0.8), nearest column 1. u = 1 <- v = 0: nearest column 1, too.
    logits = {0: [1.0, 0.6, 0.8, 0.0, 0.64], 1: [1.0, 0.0, 0.8, 0.0, 0.64]}
    expected = 0.0
    for row in logits.values():
        log = torch.log_softmax(torch.tensor(row, dtype=torch.float64) / T, 0)
        expected -= float(log[[0, 2, 4]].mean())
    assert float(losses.ekem(z, k, queue, T)) == pytest.approx(expected, abs=1e-12)
