"""Query and key branches: equal at the start, followed exactly, statistics their own; people and recomputation."""

import numpy as np
import pytest
import torch

from models.branches import Branches, frozen_statistics
from models.modalities import modalities, time_scale
from models.modality_names import MODALITIES
from models.shape import Shape
from training.config.schema import PretrainConfig
from training.data.store import Batch
from training.method.momentum import follow, key_copy
from training.method.pretrain import Pretrainer

SMALL = {"channels": (8, 16), "strides": (2, 2)}
NAMES = ("joint", "angular", "motion")


def branches(names=NAMES, recompute=False, dropout=0.5, **shape) -> Branches:
    torch.manual_seed(0)
    return Branches(names, Shape(**(SMALL | {"dropout": dropout} | shape)), (16, 12), recompute)


def clips(N=4, P=1, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(N, P, 50, 25, 3, generator=rng) * 0.3, torch.rand(N, generator=rng) * 90 + 20


def tensors(module):
    return dict(module.named_parameters()) | dict(module.named_buffers())


def test_the_key_starts_as_the_query():
    """Of the whole trainer, after everything was initialised: parameters, buffers, and what comes out."""
    torch.manual_seed(3)
    trainer = Pretrainer(PretrainConfig(modalities=MODALITIES, shape=Shape(**SMALL), queue=32), 100)
    query, key = tensors(trainer.query), tensors(trainer.key)
    assert query.keys() == key.keys() and len(query) > 6 * 20
    for name, tensor in query.items():
        assert torch.equal(tensor, key[name]), name
        assert tensor.data_ptr() != key[name].data_ptr(), f"{name} is shared"
    joints, frames_N = clips()
    trainer.eval()
    # Equal weights at other addresses may take another path through a kernel, and so round otherwise.
    torch.testing.assert_close(trainer.query(joints, frames_N), trainer.key(joints, frames_N), rtol=1e-5, atol=1e-5)
    # No two branches start alike.
    weights = [encoder.blocks[0].gcn.conv.weight for encoder in trainer.query.encoders.values()]
    assert not any(torch.equal(a, b) for i, a in enumerate(weights) for b in weights[:i])


@pytest.mark.parametrize("exchange", ["none", "ekem", "ikem", "ekem+ikem", "cmd"])
def test_no_gradient_reaches_key_or_queue(exchange):
    """After a step of any exchange; every parameter of the query branches has one."""
    config = PretrainConfig(
        modalities=NAMES, shape=Shape(**SMALL), queue=32, epochs=1, stage1=0, drop_at=(), exchange=exchange
    )
    trainer = Pretrainer(config, 100).train()
    joints, frames_N = clips()
    batch = Batch(joints, frames_N, torch.ones(4, 1).bool(), torch.zeros(4).long(), torch.arange(4))
    trainer.losses(batch, batch, 0)["loss"].backward()
    assert all(p.grad is None for p in trainer.key.parameters())
    assert trainer.queue.keys_MKD.grad is None and not trainer.queue.keys_MKD.requires_grad
    for name, parameter in trainer.query.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
    for parameter in trainer.predictors.parameters():
        assert (parameter.grad is not None) == ("ikem" in exchange)


@pytest.mark.parametrize("m", [0.0, 0.9, 0.999, 1.0])
def test_the_key_follows_by_the_formula(m):
    query = branches()
    key = key_copy(query)
    with torch.no_grad():
        for parameter in query.parameters():
            parameter.add_(torch.randn_like(parameter))
    before, other = {n: t.double().clone() for n, t in tensors(key).items()}, dict(query.named_parameters())
    follow(key, query, m)
    for name, tensor in tensors(key).items():
        expected = m * before[name] + (1 - m) * other[name].double() if name in other else before[name]
        torch.testing.assert_close(tensor.double(), expected, rtol=1e-6, atol=1e-6, msg=name)


def test_frozen_keys_stand_still():
    query = branches()
    key = key_copy(query)
    with torch.no_grad():
        for parameter in query.parameters():
            parameter.add_(1.0)
    before = {n: t.clone() for n, t in tensors(key).items()}
    follow(key, query, 0.5, frozen=("angular",))
    for name, parameter in key.named_parameters():
        assert torch.equal(parameter, before[name]) == (".angular." in f".{name}"), name


def test_batch_norm_statistics_are_the_keys_own():
    """The key's move with the key's own forward passes; following the query leaves them alone."""
    query = branches()
    key = key_copy(query)
    key.train()
    key(*clips(seed=1))
    moved = {n: b.clone() for n, b in key.named_buffers()}
    start = dict(query.named_buffers())
    changed = [n for n in moved if n.endswith("running_mean") and not torch.equal(moved[n], start[n])]
    assert len(changed) == sum(n.endswith("running_mean") for n in moved)
    query.train()(*clips(seed=2))
    follow(key, query, 0.5)
    assert all(torch.equal(b, moved[n]) for n, b in key.named_buffers())


@pytest.mark.parametrize("time_scaled", [True, False])
def test_inputs_are_the_modalities_in_order(time_scaled):
    net = branches(time_scaled=time_scaled)
    joints, frames_N = clips(P=2)
    inputs = net.inputs(joints, frames_N)
    assert tuple(inputs) == NAMES
    for x, y in zip(inputs.values(), modalities(joints, time_scale(frames_N) if time_scaled else None, NAMES)):
        torch.testing.assert_close(x, y)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_shapes_and_unit_length(precision):
    net = branches().eval()
    joints, frames_N = clips(N=3, P=2)
    with torch.autocast("cpu", precision, enabled=precision == torch.bfloat16):
        h_MNH = net.encode(joints, frames_N)
    z_MND = net.project(h_MNH)
    assert h_MNH.shape == (3, 3, 16) and z_MND.shape == (3, 3, 12)
    assert h_MNH.dtype == z_MND.dtype == torch.float32
    torch.testing.assert_close(z_MND.norm(dim=-1), torch.ones(3, 3))


def present(*counts):
    return torch.arange(2) < torch.tensor(counts)[:, None]


@pytest.mark.parametrize("train", [False, True])
def test_empty_slots_are_not_computed(train):
    """Masked: as if each clip had only its people, whatever lies in the empty slots; the statistics, too."""
    joints, frames_N = clips(N=3, P=2)
    nets = [branches(dropout=0.0).train(train) for _ in range(2)]
    garbage = joints.clone()
    garbage[0, 1] = 1e6
    garbage[2, 1] = torch.nan
    h, same = (net.encode(x, frames_N, present(1, 2, 1)) for net, x in zip(nets, (joints, garbage)))
    torch.testing.assert_close(h, same, rtol=1e-4, atol=0)  # two networks: equal but for their kernels' rounding
    for (name, a), b in zip(nets[0].named_buffers(), nets[1].buffers()):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5, msg=name)
    if not train:
        for n, count in enumerate((1, 2, 1)):
            each = [nets[0].encode(joints[n : n + 1, p : p + 1], frames_N[n : n + 1])[:, 0] for p in range(count)]
            torch.testing.assert_close(h[:, n], torch.stack(each).mean(0))


def test_the_published_mean_counts_empty_slots():
    joints, frames_N = clips(N=2, P=2)
    joints[0, 1] = 0
    net = branches(mask_people=False).eval()
    each = [net.encode(joints[:, p : p + 1], frames_N) for p in range(2)]
    torch.testing.assert_close(net.encode(joints, frames_N, present(1, 2)), (each[0] + each[1]) / 2)


@pytest.mark.parametrize("people", [1, 2])
def test_recomputation_changes_nothing(people):
    """Same loss, gradients and running statistics, dropout on, people masked."""
    joints, frames_N = clips(N=4, P=people)
    which = present(1, 2, 2, 1) if people == 2 else present(1, 1, 1, 1)[:, :1]
    results = []
    for recompute in (False, True):
        net = branches(recompute=recompute).train()
        torch.manual_seed(7)
        h = net.encode(joints, frames_N, which)
        h.pow(2).sum().backward()
        grads = {n: p.grad for n, p in net.named_parameters() if p.grad is not None}
        results.append((h.detach(), grads, dict(net.named_buffers())))
    (h, grads, buffers), (h2, grads2, buffers2) = results
    assert grads.keys() == grads2.keys() and grads
    torch.testing.assert_close(h, h2, rtol=1e-4, atol=1e-6)
    for name in grads:
        torch.testing.assert_close(grads[name], grads2[name], msg=name)
    for name in buffers:
        torch.testing.assert_close(buffers[name], buffers2[name], msg=name)


def test_frozen_statistics_normalises_as_in_training():
    norm = torch.nn.BatchNorm1d(3)
    x = torch.randn(8, 3) + 5
    expected = torch.nn.functional.batch_norm(x, None, None, training=True)
    with frozen_statistics(norm):
        torch.testing.assert_close(norm(x), expected)
    assert not norm.running_mean.any() and norm.num_batches_tracked == 0 and norm.momentum == 0.1


@pytest.mark.parametrize("names", [("joint",), ("angular", "bone"), MODALITIES])
def test_a_branch_sees_only_its_modality(names):
    net = branches(names).eval()
    joints, frames_N = clips()
    h_MNH = net.encode(joints, frames_N)
    for name, h_NH in zip(names, h_MNH):
        alone = net.encoders[name](net.inputs(joints, frames_N)[name][:, 0])
        np.testing.assert_allclose(h_NH.detach(), alone.detach(), atol=1e-6)
