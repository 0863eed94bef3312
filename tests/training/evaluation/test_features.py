"""Features that heads read, and of which clips."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from models.branches import Branches
from models.shape import Shape
from models.skeleton import JOINTS
from tests.training.evaluation.labelled import JMB
from training.data.augmentation import mirrored
from training.data.store import Store
from training.evaluation import protocols
from training.evaluation.features import features, only
from training.evaluation.linear import Predictions
from training.evaluation.pooling import places
from training.evaluation.protocols import Judge, Labelled, check_subsets, make_config


def test_features_are_of_eval_mode_and_leave_the_mode_alone(store: Store) -> None:
    branches = Branches(JMB, Shape(channels=(4, 8), strides=(2, 2), dropout=0.5), (8, 4)).train()
    ids = np.array([3, 40, 7, 8, 1])
    before = {name: tensor.clone() for name, tensor in branches.state_dict().items()}
    h_NMH = features(branches, store, ids, batch=2)
    assert branches.training and not h_NMH.requires_grad
    assert all(torch.equal(before[name], tensor) for name, tensor in branches.state_dict().items())
    branches.eval()
    for i, clip in enumerate(ids):
        one = store.batch([clip], people=2)
        with torch.no_grad():
            h_M1H = branches.encode(one.joints_NPTVC, one.frames_N, one.present_NP)
        torch.testing.assert_close(h_NMH[i], h_M1H[:, 0], rtol=1e-4, atol=1e-6)


def test_unmasked_people_do_not_make_h_depend_on_the_other_clips(store: Store) -> None:
    torch.manual_seed(0)
    branches = Branches(("joint",), Shape(channels=(4, 8), strides=(2, 2), mask_people=False), (8, 4))
    alone = np.flatnonzero(store.people_N == 1)[:3]
    together = np.append(alone, np.flatnonzero(store.people_N == 2)[:1])
    torch.testing.assert_close(features(branches, store, alone), features(branches, store, together)[:3])


def test_some_of_the_branches_are_the_same_branches(branches: Branches, store: Store) -> None:
    state = torch.get_rng_state()
    part = only(branches, ("bone", "joint"))
    assert torch.equal(state, torch.get_rng_state()) and part.names == ("bone", "joint")
    assert part.encoders["bone"] is branches.encoders["bone"] and len(branches.heads) == 3
    ids = np.arange(4)
    torch.testing.assert_close(features(part, store, ids), features(branches, store, ids)[:, [2, 0]])
    with pytest.raises(ValueError, match="no branch of angular"):
        only(branches, ("joint", "angular"))


def test_heads_may_read_where_and_when(store: Store, branches: Branches) -> None:
    ids = np.arange(20)
    found = features(branches, store, ids, batch=7, pooling="places").reshape(20, 3, 8, 10)
    batch = store.batch(ids, people=2)
    kept = batch.present_NP
    branches.eval()
    with torch.no_grad():
        x = branches.rows(batch.joints_NPTVC, batch.frames_N, kept)[1]
        maps_BHtV = branches.encoders["motion"].maps(x)
    of = kept.nonzero()[:, 0]
    alone = int((kept.sum(1) == 1).nonzero()[0])
    maps_HtV = maps_BHtV[of == alone][0]
    arm = [JOINTS.index(f"left_{n}") for n in ("shoulder", "elbow", "wrist", "hand", "tip", "thumb")]
    expected = [maps_HtV[..., arm].mean((1, 2)), maps_HtV.flatten(1).std(1, correction=0), maps_HtV.amax((1, 2))]
    for column, value in zip((1, 8, 9), expected, strict=True):
        torch.testing.assert_close(found[alone, 1, :, column], value, rtol=1e-4, atol=1e-7)
    both = int((kept.sum(1) == 2).nonzero()[0])
    mean = maps_BHtV[of == both].amax((2, 3)).mean(0)
    torch.testing.assert_close(found[both, 1, :, 9], mean, rtol=1e-4, atol=1e-7)
    judge = Judge(Labelled.of(store, "half"), branches, check_subsets(JMB, []),
                  make_config("linear", preset="ridge", values={"pooling": "places"}))  # fmt: skip
    assert judge.answers(0)[JMB].predicted_N.shape == (24,)
    with pytest.raises(ValueError, match="pooling must be one of mean, places, blocks"):
        make_config("linear", values={"pooling": "max"})


def test_heads_may_read_every_block(store: Store, branches: Branches) -> None:
    ids = np.arange(20)
    found = features(branches, store, ids, batch=7, pooling="blocks")
    widths = branches.shape.channels
    assert found.shape == (20, 3, 10 * sum(widths))
    last = features(branches, store, ids, batch=7, pooling="places")
    torch.testing.assert_close(found[:, :, -10 * widths[-1] :], last)
    encoder, seen = branches.encoders["bone"], []
    hook = encoder.blocks[0].register_forward_hook(lambda block, x, maps: seen.append(maps))
    features(branches, store, ids[:1], pooling="places")
    hook.remove()
    first = places(seen[0]).mean(0)  # over the people of the clip
    torch.testing.assert_close(found[0, 2, : 10 * widths[0]], first, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("protocol", ["linear", "knn"])
def test_a_modality_that_has_collapsed_is_named(
    protocol: str, store: Store, branches: Branches, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some_collapsed(branches: Branches, store: Store, ids: np.ndarray, *_: object, **__: object) -> torch.Tensor:
        h_NMH = torch.rand(len(ids), 3, 8, generator=torch.Generator().manual_seed(0))
        h_NMH[:, JMB.index("motion")] = 1
        return h_NMH

    monkeypatch.setattr(protocols, "features", some_collapsed)
    judge = Judge(Labelled.of(store, "half"), branches, check_subsets(JMB, []), make_config(protocol))
    with pytest.raises(ValueError, match="the features of motion have collapsed"):
        judge.answers(0)


def test_mirrored_clips_train_the_heads_too(store: Store, branches: Branches, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = np.arange(20)
    there = features(branches, store, ids, pooling="places", mirror=True)
    swapped = Store(store.folder)
    swapped.rows = mirrored(torch.from_numpy(np.array(store.rows))[None]).numpy()[0]
    torch.testing.assert_close(there, features(branches, swapped, ids, pooling="places"))
    assert not torch.allclose(there, features(branches, store, ids, pooling="places"))

    def train(*told: torch.Tensor) -> Predictions:
        seen.append(told)
        return Predictions(np.zeros(24, np.int64))

    seen: list[tuple[torch.Tensor, ...]] = []
    monkeypatch.setattr(protocols, "train_heads", train)
    clips, config = Labelled.of(store, "half"), make_config("linear", preset="ridge", values={"mirror": True})
    judge = Judge(clips, branches, check_subsets(JMB, []), config)
    for ids in (clips.train_ids, clips.share(0.5, 0)):
        judge.answers(0, ids)
        train_NMH, label_N, test_NMH = seen[-1][:3]
        both = [features(branches, store, ids, mirror=mirror) for mirror in (False, True)]
        torch.testing.assert_close(train_NMH, torch.cat(both))
        assert label_N.tolist() == 2 * store.label_N[ids].tolist()
        torch.testing.assert_close(test_NMH, features(branches, store, clips.test_ids))
