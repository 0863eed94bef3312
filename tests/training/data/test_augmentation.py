"""Augmentation against a slow twin that is given the same random numbers; fresh each epoch, the same by seed."""

import math

import numpy as np
import pytest
import torch

from models.skeleton import MIRROR
from training.config.schema import DistilConfig, PretrainConfig
from training.data.augmentation import augment, crop_time, padded, shear
from training.data.pool import Pool
from training.data.store import Store, write_store
from training.data.views import Views
from training.parallel.torchrun import Group
from training.runs.two_views import two_views


def clips(N=3, P=2, T=50, seed=0):
    return torch.randn(N, P, T, 25, 3, generator=torch.Generator().manual_seed(seed))


def twin_padded(frames: list, pad: int) -> list:
    """Mirrored ends, as np.pad's "symmetric"."""
    return [frames[pad - 1 - i] for i in range(pad)] + frames + [frames[-1 - i] for i in range(pad)]


def twin_view(clip_PTVC: np.ndarray, start: int, off_6: list[float], pad: int) -> np.ndarray:
    """One clip: crop, then shear, joint by joint; the six in the order xy, xz, yx, yz, zx, zy."""
    out = np.zeros_like(clip_PTVC)
    for p, person in enumerate(clip_PTVC):
        frames = twin_padded(list(person), pad)[start : start + len(person)]
        for t, frame in enumerate(frames):
            for v, (x, y, z) in enumerate(frame):
                out[p, t, v] = (
                    x + off_6[0] * y + off_6[1] * z,
                    y + off_6[2] * x + off_6[3] * z,
                    z + off_6[4] * x + off_6[5] * y,
                )
    return out


@pytest.mark.parametrize(("N", "P", "T"), [(1, 1, 50), (2, 2, 12), (3, 1, 6), (3, 2, 7), (3, 3, 30)])
def test_the_published_view_against_the_twin(N, P, T):
    x = clips(N, P, T).double().float()
    found = augment(x, torch.Generator().manual_seed(5), Views())
    same = torch.Generator().manual_seed(5)
    pad = T // 6
    starts = torch.randint(0, 2 * pad + 1, (N,), generator=same)
    off = (torch.rand(N, 6, generator=same) - 0.5).double()
    for n in range(N):
        expected = twin_view(x[n].double().numpy(), int(starts[n]), off[n].tolist(), pad)
        np.testing.assert_allclose(found[n].numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("start", range(17))
def test_every_start_of_the_crop(start):
    x = torch.arange(50.0).reshape(1, 1, 50, 1, 1).expand(1, 1, 50, 25, 3)
    line = np.pad(np.arange(50.0), 8, mode="symmetric")
    assert torch.equal(padded(x, 1 / 6)[0, 0, :, 0, 0], torch.from_numpy(line).float())
    found = crop_time(x, torch.tensor([start]), 1 / 6)[0, 0, :, 3, 1]
    assert found.tolist() == line[start : start + 50].tolist()


def test_each_clip_has_its_own_numbers_and_its_people_share_them():
    one = clips(1, 1)
    x = one.expand(8, 2, -1, -1, -1)
    view = augment(x, torch.Generator().manual_seed(1), Views())
    assert torch.equal(view[:, 0], view[:, 1])
    assert len({tuple(v.flatten()[:9].tolist()) for v in view[:, 0]}) == 8


def test_the_range_of_the_random_numbers():
    """Starts are uniform over 0 to 2 pad, ends included; off-diagonals over -0.5 to 0.5, all six different."""
    x = torch.zeros(4000, 1, 50, 25, 3)
    x[..., 0] = torch.arange(50.0)[:, None]
    x[:, :, :, 0] = torch.eye(3)[0]
    x[:, :, :, 1], x[:, :, :, 2] = torch.eye(3)[1], torch.eye(3)[2]
    rng = torch.Generator().manual_seed(0)
    S_NCD = augment(x, rng, Views())[:, 0, 0, :3].transpose(1, 2)
    off = S_NCD[:, ~torch.eye(3, dtype=torch.bool)]
    assert torch.equal(S_NCD.diagonal(dim1=1, dim2=2), torch.ones(4000, 3))
    assert 0.49 < off.max() <= 0.5 and -0.5 <= off.min() < -0.49
    assert off.mean(0).abs().max() < 0.02 and (off.std(0) - 1 / math.sqrt(12)).abs().max() < 0.01
    assert (torch.corrcoef(off.T) - torch.eye(6)).abs().max() < 0.06
    first = augment(x, rng, Views(shear=0.0))[:, 0, 0, 9, 0].long().tolist()
    # Start s shows frame 7 - s while that is in the mirrored part, then s - 8.
    expected = {abs(s - 7.5) - 0.5 for s in range(17)}
    assert set(first) == {int(e) for e in expected}
    counts = np.bincount(first, minlength=9)
    assert (abs(counts[:8] / 4000 - 2 / 17) < 0.02).all() and abs(counts[8] / 4000 - 1 / 17) < 0.02


def test_switched_off_it_is_the_identity():
    x = clips()
    assert torch.equal(augment(x, torch.Generator(), Views(crop=0.0, shear=0.0)), x)


def test_shear_is_a_matrix():
    x, off = clips(3, 1, 4), torch.randn(3, 6)
    S = torch.eye(3).repeat(3, 1, 1)
    S[:, [0, 0, 1, 1, 2, 2], [1, 2, 0, 2, 0, 1]] = off
    for n in range(3):
        torch.testing.assert_close(shear(x, off)[n], x[n] @ S[n].T)


ONE_AT_A_TIME = {
    "turn": Views(crop=0, shear=0, turn=3.0),
    "tilt": Views(crop=0, shear=0, tilt=0.5),
    "mirror": Views(crop=0, shear=0, mirror=1.0),
}


@pytest.mark.parametrize("name", list(ONE_AT_A_TIME))
def test_turns_and_mirror_keep_distances(name):
    x = clips()
    view = augment(x, torch.Generator().manual_seed(2), ONE_AT_A_TIME[name])
    assert not torch.allclose(view, x)
    order = MIRROR.tolist() if name == "mirror" else list(range(25))
    before = torch.cdist(x[:, :, :, order], x[:, :, :, order])
    torch.testing.assert_close(torch.cdist(view, view), before, atol=1e-3, rtol=1e-3)
    if name == "turn":
        torch.testing.assert_close(view[..., 1], x[..., 1])


@pytest.mark.parametrize("people", [1, 2])
def test_speed_reads_faster_or_slower_inside_the_padded_clip(people):
    """Frame number as the coordinate: the read-off is a line whose slope lies within the factor."""
    line = torch.arange(50.0).reshape(1, 1, 50, 1, 1).expand(64, people, 50, 25, 3)
    view = augment(line, torch.Generator().manual_seed(0), Views(shear=0, speed=1.5))[:, :, 20:30, 0, 0]
    slope = (view[..., 1:] - view[..., :-1]).abs().median(-1).values
    assert ((slope > 1 / 1.5 - 1e-3) & (slope < 1.5 + 1e-3)).all()
    assert slope.min() < 0.8 and slope.max() > 1.2
    # As often faster as slower.
    assert abs(float((slope[:, 0] > 1).float().mean()) - 0.5) < 0.2


def test_a_lost_limb_sits_on_its_root_for_the_whole_clip():
    x = clips(40)
    view = augment(x, torch.Generator().manual_seed(0), Views(crop=0, shear=0, lose=0.5))
    moved = (view != x).any(-1).any(2).any(1)
    touched = moved.any(1)
    assert 8 < int(touched.sum()) < 32
    for n in touched.nonzero().flatten():
        lost = moved[n].nonzero().flatten().tolist()
        spot = view[n, :, :, lost]
        assert torch.equal(spot, spot[:, :, :1].expand_as(spot)), "all lost joints on one spot"
        assert any(torch.equal(spot[:, :, 0], x[n, :, :, v]) for v in range(25) if v not in lost)


def test_noise_and_blur():
    x = clips(8, 1)
    noise = augment(x, torch.Generator().manual_seed(0), Views(crop=0, shear=0, noise=0.1)) - x
    assert abs(float(noise.std()) - 0.1) < 0.005
    soft = augment(x, torch.Generator().manual_seed(0), Views(crop=0, shear=0, blur=1.0))
    torch.testing.assert_close(soft[:, :, 1:-1], (x[:, :, :-2] + 2 * x[:, :, 1:-1] + x[:, :, 2:]) / 4)
    still = x[:, :, :1].expand_as(x)
    torch.testing.assert_close(augment(still, torch.Generator(), Views(crop=0, shear=0, blur=1.0)), still)


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    rows = torch.randn(10, 50, 25, 3, generator=torch.Generator().manual_seed(0)).numpy()
    people = [[row] for row in rows[:8]] + [[rows[8], rows[9]]]
    write_store(folder, people, {"label": np.arange(9)}, tuple("abcdefghi"), {}, "test")
    return Pool([(Store.open(folder), np.arange(9))])


def epoch_of(pool, epoch, seed=0):
    config = PretrainConfig(batch=4, seed=seed, queue=8)
    return [(q.ids_N.tolist(), q.joints_NPTVC, k.joints_NPTVC) for q, k in two_views(pool, config, epoch, Group())]


def test_epochs_are_fresh_and_repeat_by_seed(pool):
    one, again, two, other = epoch_of(pool, 3), epoch_of(pool, 3), epoch_of(pool, 4), epoch_of(pool, 3, seed=1)
    for (ids, q, k), (same_ids, same_q, same_k) in zip(one, again, strict=True):
        assert ids == same_ids and torch.equal(q, same_q) and torch.equal(k, same_k)
    views = [view for epoch in (one, two, other) for _, q, k in epoch for view in (*q, *k)]
    assert len({tuple(view.flatten()[:6].tolist()) for view in views}) == len(views) == 3 * 2 * 2 * 4
    assert [ids for ids, *_ in one] != [ids for ids, *_ in two]


def test_the_order_of_the_clips_does_not_decide_their_views(pool):
    """The same clip gets other numbers in every epoch, even where it is at the same place of the same step."""
    seen: dict[tuple[int, int, int], set] = {}
    for epoch in range(12):
        for step, (ids, q, _) in enumerate(epoch_of(pool, epoch)):
            for place, clip in enumerate(ids):
                seen.setdefault((step, place, clip), []).append(tuple(q[place].flatten()[:6].tolist()))
    assert any(len(views) > 1 for views in seen.values())
    assert all(len(set(views)) == len(views) for views in seen.values())


def test_an_epoch_takes_no_clip_twice(pool):
    for epoch in range(5):
        ids = [i for step_ids, *_ in epoch_of(pool, epoch) for i in step_ids]
        assert len(ids) == 8 and len(set(ids)) == 8


@pytest.fixture(scope="module")
def paired_pool(pool, tmp_path_factory):
    """The same clips; the even ones stand at 0 for the other sensor."""
    store, folder = pool.parts[0][0], tmp_path_factory.mktemp("pairs")
    people = [list(store.rows[a : a + n]) for a, n in zip(store.index["first"], store.people_N, strict=True)]
    some = [None if i % 2 else np.zeros((50, 25, 3)) for i in range(9)]
    write_store(folder, people, {"label": np.arange(9)}, tuple("abcdefghi"), {}, "test", some)
    return Pool([(Store(folder), np.arange(9))])


def test_counterparts_are_second_views_by_chance_and_shift_nothing(pool, paired_pool):
    def views(pool, config):
        batches = [two_views(pool, config, epoch, Group()) for epoch in range(20)]
        return [(int(i), q, k) for many in batches for a, b in many
                for i, q, k in zip(a.ids_N, a.joints_NPTVC, b.joints_NPTVC, strict=True)]  # fmt: skip

    small = {"batch": 4, "queue": 8}
    plain = views(pool, PretrainConfig(**small))
    for config in (PretrainConfig(**small, pair=0), DistilConfig(**small)):
        for a, b in zip(plain, views(paired_pool, config), strict=True):
            assert a[0] == b[0] and torch.equal(a[1], b[1]) and torch.equal(a[2], b[2])
    for pair, (least, most) in {0.5: (0.3, 0.7), 1.0: (1, 1)}.items():
        taken = []
        for (i, q, k), (same, first, second) in zip(
            plain, views(paired_pool, PretrainConfig(**small, pair=pair)), strict=True
        ):
            assert i == same and torch.equal(first, q)  # the query is the clip itself, whatever the chance
            taken += [not second[0].any()] * (i % 2 == 0)
            assert torch.equal(second[1], k[1]) and (not second[0].any() or torch.equal(second, k))
            assert i % 2 == 0 or torch.equal(second, k)
        assert least <= np.mean(taken) <= most and len(taken) > 50
