"""Masked prediction, mixing and soft neighbours: against plain twins, and what the trainer makes of them."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from models.shape import Shape
from training.config.schema import PretrainConfig
from training.config.sources import from_sources
from training.data.store import Batch
from training.data.views import Hiding
from training.method import losses
from training.method.masked import hidden_places, prediction_loss, rows_at, standardised
from training.method.mixing import mixed
from training.method.pretrain import Pretrainer

SHAPE = Shape(channels=(4, 8), strides=(4, 4), dropout=0.0)
CONFIG = PretrainConfig(
    modalities=("joint", "bone"), exchange="none", epochs=2, stage1=1, batch=6, queue=12, mask_own=True, shape=SHAPE,
    hide=Hiding(share=0.5), beside={"predict": 2.0},
)  # fmt: skip


def batch(seed: int, N: int = 6, people: int = 2) -> Batch:
    rng = torch.Generator().manual_seed(seed)
    present_NP = torch.ones(N, people, dtype=torch.bool)
    present_NP[::2, 1:] = False
    joints = torch.randn(N, people, 50, 25, 3, generator=rng) * present_NP[:, :, None, None, None]
    return Batch(joints, torch.full((N,), 50.0), present_NP, torch.full((N,), -1), torch.arange(N))


def trained(config: PretrainConfig, seed: int = 0) -> Pretrainer:
    torch.manual_seed(seed)
    return Pretrainer(config, 24).train()


def test_places_of_the_maps_are_the_frames_in_their_middle() -> None:
    hidden = torch.zeros(1, 50, 25, dtype=torch.bool)
    hidden[0, 16:33, 4] = True
    found = hidden_places(hidden, (4, 4))
    maps = trained(CONFIG).query.maps([torch.randn(1, 50, 25, 3)] * 2)[0]
    assert found.shape == (1, maps.shape[2], 25)
    assert found[0, :, 4].tolist() == [False, True, True, False] and int(found.sum()) == 2


def test_targets_are_standardised_by_channel_and_the_loss_is_a_cosine() -> None:
    maps = torch.randn(3, 8, 4, 25, generator=torch.Generator().manual_seed(0)) * 3 + 5
    target = standardised(maps)
    for h in range(8):
        expected = (maps[:, h] - maps[:, h].mean()) / maps[:, h].std(correction=0)
        torch.testing.assert_close(target[:, h], expected, atol=1e-4, rtol=1e-4)
    places = torch.rand(3, 4, 25, generator=torch.Generator().manual_seed(1)) < 0.3
    rows = rows_at(target, places)
    b, t, v = (int(i) for i in places.nonzero()[5])
    assert torch.equal(rows[5], target[b, :, t, v])
    guess = torch.randn(rows.shape, generator=torch.Generator().manual_seed(2), requires_grad=True)
    cosines = [float(F.normalize(g, dim=0) @ F.normalize(r, dim=0)) for g, r in zip(guess.detach(), rows, strict=True)]
    expected = 1 - sum(cosines) / len(rows)
    assert float(prediction_loss(guess, rows).detach()) == pytest.approx(expected, abs=1e-5)
    assert float(prediction_loss(rows, rows)) == pytest.approx(0, abs=1e-5)
    assert prediction_loss(guess[:0], rows[:0]).item() == 0


def test_the_teacher_sees_the_whole_clip_and_gets_no_gradient() -> None:
    trainer = trained(CONFIG)
    seen: list[torch.Tensor] = []
    maps = trainer.key.maps
    trainer.key.maps = lambda x: seen.extend(x) or maps(x)  # type: ignore[method-assign]
    parts = trainer.losses(batch(1), batch(2), 0)
    rows = trainer.query.rows(batch(1).joints_NPTVC, batch(1).frames_N, batch(1).present_NP)
    assert all(torch.equal(a, b) for a, b in zip(seen, rows, strict=True))
    values = {name: float(part.detach()) for name, part in parts.items()}
    assert values["loss"] == pytest.approx(values["info_nce"] + 2 * values["predict"], rel=1e-5)
    parts["predict"].backward()
    assert all(p.grad is None for p in trainer.key.parameters())
    assert all(p.grad is not None for p in trainer.guessers.parameters())
    assert all(p.grad is not None for p in trainer.query.encoders.parameters())
    assert all(p.grad is None for p in trainer.query.heads.parameters())


def test_prediction_gets_better_by_training() -> None:
    trainer = trained(replace(CONFIG, hide=Hiding(share=0.4)))
    steps = torch.arange(50.0)[:, None, None]
    joints = torch.sin(steps / 6 + torch.rand(12, 1, 1, 1, 1)) + torch.randn(12, 1, 1, 25, 3)
    view = Batch(joints, torch.full((12,), 50.0), torch.ones(12, 1).bool(), torch.full((12,), -1), torch.arange(12))
    optimizer = torch.optim.AdamW(trainer.query.parameters(), 0.01)
    optimizer.add_param_group({"params": list(trainer.guessers.parameters())})
    values = []
    for _ in range(40):
        loss = trainer.losses(view, view, 0)["predict"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        values.append(float(loss.detach()))
    assert sum(values[-5:]) < 0.7 * sum(values[:5])


def test_hiding_without_prediction_is_an_augmentation() -> None:
    trainer = trained(replace(CONFIG, beside={}))
    parts = trainer.losses(batch(1), batch(2), 0)
    assert set(parts) == {"info_nce", "loss"} and not trainer.guessers


def test_nothing_of_it_changes_a_run_without_it() -> None:
    """Same initial values, random numbers and losses as of a trainer that knows nothing of what may stand beside."""
    plain = replace(CONFIG, hide=Hiding(), beside={})
    trainer = trained(plain)
    torch.manual_seed(4)
    parts = trainer.losses(batch(1), batch(2), 0)
    after = torch.get_rng_state()
    torch.manual_seed(4)  # the encoders draw their dropout's seeds, and nothing else is drawn
    z, k = (
        b(v.joints_NPTVC, v.frames_N, v.present_NP) for b, v in ((trainer.query, batch(1)), (trainer.key, batch(2)))
    )
    assert torch.equal(after, torch.get_rng_state())
    mask = trainer.queue.own_columns(torch.arange(6))
    expected = sum(losses.info_nce(*each, 0.07, mask) for each in zip(z, k, trainer.queue.keys_MKD, strict=True))
    torch.testing.assert_close(parts["loss"], expected)
    own = {name: p for name, p in trained(CONFIG).named_parameters() if not name.startswith("guessers.")}
    assert all(torch.equal(p, own[name]) for name, p in trainer.named_parameters())


def test_mixed_clips_have_whole_parts_of_one_other() -> None:
    torch.manual_seed(0)
    x = torch.randn(40, 2, 5, 25, 3)
    none, mix = mixed(x, 0.0), mixed(x, 0.7)
    assert torch.equal(none.joints_NPTVC, x) and (none.own_N == 1).all()
    for n in range(40):
        own_V = (mix.joints_NPTVC[n] == x[n]).all(0).all(0).all(-1)
        other_V = (mix.joints_NPTVC[n] == x[mix.other_N[n]]).all(0).all(0).all(-1)
        assert (own_V | other_V).all() and float(own_V.float().mean()) == pytest.approx(float(mix.own_N[n]))
    assert 15 < int((mix.own_N < 1).sum()) < 40 and float(mix.own_N.min()) > 0.1


def test_mixed_queries_have_both_keys_as_positives() -> None:
    rng = torch.Generator().manual_seed(0)
    q, k, queue = (F.normalize(torch.randn(n, 8, generator=rng), dim=1) for n in (5, 5, 9))
    own, other = torch.tensor([1.0, 0.5, 0.25, 0.8, 1.0]), torch.tensor([1, 2, 3, 4, 0])
    found = losses.mixed_info_nce(q, k, k[other], own, queue, 0.1)
    terms = [
        own[n] * losses.info_nce(q[n : n + 1], k[n : n + 1], queue, 0.1)
        + (1 - own[n]) * losses.info_nce(q[n : n + 1], k[other[n]][None], queue, 0.1)
        for n in range(5)
    ]
    torch.testing.assert_close(found, torch.stack(terms).mean())
    torch.testing.assert_close(
        losses.mixed_info_nce(q, k, k[other], torch.ones(5), queue, 0.1), losses.info_nce(q, k, queue, 0.1)
    )


def test_mixing_ends_with_stage_1() -> None:
    trainer = trained(replace(CONFIG, hide=Hiding(), beside={}, mix=1.0))
    assert trainer.losses(batch(1), batch(2), 0)["info_nce"].requires_grad
    states = []
    for mix in (1.0, 0.0):
        trainer = trained(replace(CONFIG, hide=Hiding(), beside={}, mix=mix))
        torch.manual_seed(4)
        trainer.losses(batch(1), batch(2), 1)
        states.append(torch.get_rng_state())
    assert torch.equal(*states)  # nothing is drawn for it any more


def test_soft_neighbours_are_the_keys_similarities() -> None:
    rng = torch.Generator().manual_seed(0)
    z, k, queue = (F.normalize(torch.randn(2, n, 8, generator=rng), dim=2) for n in (4, 4, 10))
    expected = 0.0
    for m in range(2):
        target, guess = F.softmax(k[m] @ queue[m].T / 0.05, 1), F.log_softmax(z[m] @ queue[m].T / 0.1, 1)
        expected += float(nn.KLDivLoss(reduction="batchmean")(guess, target))
    assert float(losses.soft_neighbours(z, k, queue, 10)) == pytest.approx(expected, rel=1e-4)
    trainer = trained(replace(CONFIG, hide=Hiding(), beside={"soft": 0.5}))
    parts = {name: float(part.detach()) for name, part in trainer.losses(batch(1), batch(2), 0).items()}
    assert parts["loss"] == pytest.approx(parts["info_nce"] + 0.5 * parts["soft"], rel=1e-5)


def test_the_result_is_the_query_or_the_key_branches() -> None:
    assert trained(CONFIG).product() is not trained(CONFIG).key
    for name in ("query", "key"):
        trainer = trained(replace(CONFIG, product=name))
        assert trainer.product() is getattr(trainer, name)


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"beside": {"predict": 1.0}}, "needs something hidden"),
        ({"hide.share": 1.0}, "hide must be a share"),
        ({"beside": {"colour": 1.0}}, "beside must be of some of predict, soft"),
        ({"mix": 2}, "mix must be in"),
        ({"product": "both"}, "product must be one of query, key"),
        ({"hide.size": 2}, "size"),
    ],
)
def test_senseless_values_are_refused(over: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        from_sources(PretrainConfig, "compact", None, over)


def test_both_presets_have_none_of_it() -> None:
    for preset in ("paper", "compact"):
        config = from_sources(PretrainConfig, preset)
        assert (config.hide.share, config.beside, config.mix, config.product) == (0, {}, 0, "query")
        assert config.views.layout == 0
