"""Each part earns its place on problems of a few seconds, on clips that it never saw.

Shape suffixes: N clips, T frames, V joints, C coordinates, M modalities, H width of h, D width of z.
"""

import copy
import functools

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from models.shape import Shape
from training.config.schema import PretrainConfig
from training.data.augmentation import augment
from training.data.store import Batch
from training.data.views import Views
from training.method import losses
from training.method.key_queue import Queue
from training.method.pretrain import Pretrainer
from training.parallel.torchrun import Group
from training.runs.loop import make_optimizer


def knn(query_NH, label_N, bank_NH, bank_label_N, k=5) -> float:
    """Accuracy of the majority of the k nearest by cosine."""
    near = (F.normalize(query_NH, dim=1) @ F.normalize(bank_NH, dim=1).T).topk(k, 1).indices
    votes = F.one_hot(bank_label_N[near]).sum(1)
    return float((votes.argmax(1) == label_N).float().mean())


def waving(N: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Arms that swing at one of three speeds, from any phase, seen sheared: joints_N1TVC and the speed's number."""
    rng = torch.Generator().manual_seed(seed)
    base_VC = torch.randn(25, 3, generator=torch.Generator().manual_seed(42)) * 0.3
    label_N = torch.arange(N) % 3
    phase_N1 = torch.rand(N, 1, generator=rng) * 2 * torch.pi
    cycles_N1 = torch.tensor([1.0, 2.0, 4.0])[label_N][:, None]
    swing_NT = 0.3 * torch.sin(2 * torch.pi * cycles_N1 * torch.arange(50) / 50 + phase_N1)
    x_NTVC = base_VC.repeat(N, 50, 1, 1)
    x_NTVC[:, :, 4:8] += swing_NT[:, :, None, None]
    shear_NCD = torch.eye(3) + (torch.rand(N, 3, 3, generator=rng) - 0.5) * (1 - torch.eye(3))
    x_NTVC = torch.einsum("ntvd,ncd->ntvc", x_NTVC, shear_NCD)
    x_NTVC = x_NTVC + 0.01 * torch.randn(x_NTVC.shape, generator=rng)
    return (x_NTVC - x_NTVC[:, :, 20:21])[:, None], label_N


def motion_accuracy(trainer: Pretrainer, seen, unseen) -> float:
    """kNN of unseen clips among the seen ones, by the motion branch's h."""
    trainer.eval()
    with torch.no_grad():
        bank, query = (trainer.query.encode(x, torch.full((len(x),), 50.0))[0] for x, _ in (seen, unseen))
    trainer.train()
    return knn(query, unseen[1], bank, seen[1])


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.slow
def test_info_nce_learns_what_a_view_keeps(seed):
    """The step of the trainer itself: speeds are told apart without a label, and were not before."""
    torch.manual_seed(seed)
    seen, unseen, B = waving(72, seed), waving(48, seed + 500), 24
    config = PretrainConfig(
        modalities=("motion",), exchange="none", epochs=1, stage1=1, queue=36, mask_own=True, keep=0.98, batch=B,
        lr=0.003, optimizer="adamw", temperature=0.1, shape=Shape(channels=(8, 16), strides=(2, 2), dropout=0.0),
    )  # fmt: skip
    trainer = Pretrainer(config, len(seen[0])).train()
    optimizer = make_optimizer(config, list(trainer.query.parameters()))
    with torch.no_grad():
        for _ in range(10):  # running statistics, so that the comparison with the untrained encoder is fair
            trainer.query.encode(seen[0], torch.full((72,), 50.0))
    before = motion_accuracy(trainer, seen, unseen)
    rng, frames_N, present_N1 = torch.Generator().manual_seed(seed), torch.full((B,), 50.0), torch.ones(B, 1).bool()
    for _ in range(60):
        i = torch.randperm(72, generator=rng)[:B]
        views = [Batch(augment(seen[0][i], rng, Views()), frames_N, present_N1, seen[1][i], i) for _ in range(2)]
        trainer.before(0)
        loss = trainer.losses(*views, 0)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        trainer.after(Group(), False)
    after = motion_accuracy(trainer, seen, unseen)
    # Chance is a third.
    assert before < 0.6 and after > 0.55 and after > before + 0.2, (before, after)


CLASSES, WIDTH, EMBEDDING = 6, 32, 16
CLEAN, NOISY = 0, 1


def two_modalities(N: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(2, N, WIDTH): one modality shows the class; the other hardly, under a signature that only tells clips apart."""
    rng = torch.Generator().manual_seed(seed)
    centres = torch.randn(2, CLASSES, WIDTH // 2, generator=torch.Generator().manual_seed(99))
    label_N, half = torch.arange(N) % CLASSES, (N, WIDTH // 2)
    clean = centres[0][label_N] + 0.7 * torch.randn(half, generator=rng)
    signature = 1.5 * torch.randn(half, generator=rng)
    noisy = 0.5 * centres[1][label_N] + 0.3 * torch.randn(half, generator=rng)
    return torch.stack([torch.cat([clean, torch.zeros(half)], 1), torch.cat([noisy, signature], 1)]), label_N


class Toy(nn.Module):
    """Two small networks in the place of the branches."""

    def __init__(self) -> None:
        super().__init__()
        self.encoders = nn.ModuleList(
            nn.Sequential(nn.Linear(WIDTH, 64), nn.ReLU(), nn.Linear(64, WIDTH)) for _ in range(2)
        )
        self.heads = nn.ModuleList(nn.Linear(WIDTH, EMBEDDING) for _ in range(2))

    def encode(self, x_MNC: torch.Tensor) -> torch.Tensor:
        return torch.stack([net(x) for net, x in zip(self.encoders, x_MNC)])

    def project(self, h_MNH: torch.Tensor) -> torch.Tensor:
        return F.normalize(torch.stack([net(h) for net, h in zip(self.heads, h_MNH)]), dim=-1)


def toy_loss(exchange, h, z, k, queue, predictors, mask):
    """The exchanges as the trainer weighs them."""
    keys, T = queue.keys_MKD, 0.1
    own = sum(losses.info_nce(z[m], k[m], keys[m], T, mask) for m in range(2))
    if exchange == "none":
        return own
    if exchange == "ekem":
        return losses.ekem(z, k, keys, T, mask_NK=mask)
    if exchange == "cmd":
        return own + losses.cmd(z, k, keys, len(queue) // 2, mask_NK=mask)
    y = F.normalize(torch.stack([net(h[m]) for m, net in enumerate(predictors)]), dim=-1)
    return own + losses.ikem(y, k, keys, T, mask)


@functools.cache
def exchanged(exchange: str, seed: int, aligned: bool = True, steps: int = 150) -> tuple[float, float]:
    """Accuracy of the clean and of the noisy modality on new clips; a third of the steps is InfoNCE alone."""
    torch.manual_seed(seed)
    rng, (x, label_N), B = torch.Generator().manual_seed(seed), two_modalities(240, seed), 48
    query, queue = Toy(), Queue(("joint", "motion"), 120, EMBEDDING)
    key = copy.deepcopy(query).requires_grad_(False)
    E = 2 * EMBEDDING
    predictors = nn.ModuleList(nn.Sequential(nn.Linear(WIDTH, E), nn.ReLU(), nn.Linear(E, E)) for _ in range(2))
    optimizer = torch.optim.SGD([*query.parameters(), *predictors.parameters()], lr=0.1, momentum=0.9)
    for step in range(steps):
        i = torch.randperm(240, generator=rng)[:B]
        first, second = (x[:, i] + 0.3 * torch.randn(2, B, WIDTH, generator=rng) for _ in range(2))
        with torch.no_grad():
            torch._foreach_lerp_(list(key.parameters()), list(query.parameters()), 0.02)
            k = key.project(key.encode(second))
        h = query.encode(first)
        stage = exchange if step >= steps // 3 else "none"
        loss = toy_loss(stage, h, query.project(h), k, queue, predictors, queue.own_columns(i))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if not aligned:
            k = torch.stack([k[CLEAN], k[NOISY][torch.randperm(B, generator=rng)]])
        queue.push(k, i)
    new, new_label_N = two_modalities(240, seed + 1000)
    with torch.no_grad():
        bank, found = query.encode(x), query.encode(new)
    return tuple(knn(found[m], new_label_N, bank[m], label_N) for m in range(2))


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("exchange", "gain"), [("ekem", 0.3), ("cmd", 0.25), ("ikem", 0.08)])
def test_exchange_lifts_the_noisy_modality(exchange, gain, seed):
    """Alone it learns its signature; the clean one, which stays as good, teaches it the class."""
    alone, together = exchanged("none", seed), exchanged(exchange, seed)
    assert alone[NOISY] < 0.6 and together[NOISY] > alone[NOISY] + gain, (alone, together)
    assert together[CLEAN] > alone[CLEAN] - 0.05, (alone, together)


@pytest.mark.parametrize("exchange", ["ekem", "cmd"])
def test_exchange_needs_aligned_columns(exchange):
    """What the noisy modality gains is gone when column i is not the same clip in both."""
    whole, shuffled = exchanged(exchange, 0), exchanged(exchange, 0, aligned=False)
    assert shuffled[NOISY] < whole[NOISY] - 0.25, (whole, shuffled)
