"""The six modalities over lengths, batches and the time scale's switch, gradients too, frame by frame, joint by joint.

tests/models/test_modalities.py holds the values at short lengths; training also needs the gradients' exactness (a mask
or a where in the wrong place changes them silently), every length, and any subset in any order.
"""

import itertools

import pytest
import torch

from models.modalities import modalities, normalise, time_scale
from models.modality_names import MODALITIES
from models.skeleton import JOINTS

# (child, parent) from 1, as the paper lists them.
PARENT = {
    1: 2, 2: 21, 3: 21, 4: 3, 5: 21, 6: 5, 7: 6, 8: 7, 9: 21, 10: 9, 11: 10, 12: 11, 13: 1, 14: 13, 15: 14, 16: 15,
    17: 1, 18: 17, 19: 18, 20: 19, 22: 8, 23: 8, 24: 12, 25: 12,
}  # fmt: skip
PARTNER = PARENT | {23: 22, 25: 24}
ZERO = torch.zeros(3, dtype=torch.float64)


def cross(a, b):
    x = a[1] * b[2] - a[2] * b[1]
    return torch.stack([x, a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def norm(a):
    return a / (a @ a).sqrt()


def bones_of(frame):
    """{joint from 1: bone} of one frame."""
    bones = {i: frame[i - 1] - frame[parent - 1] for i, parent in PARENT.items()}
    bones[21] = norm(cross(bones[2] - bones[9], bones[5] - bones[9]))
    return bones


def angle(a, b):
    a, b = norm(a), norm(b)
    sine = cross(a, b)
    return torch.atan2((sine @ sine).sqrt(), a @ b)


def twin(p, f):
    """Modality -> list of frames, each a list of 25 vectors, of one person's (T, 25, 3) joints."""
    T, V = len(p), len(JOINTS)
    bones = [bones_of(frame) for frame in p]
    axes = [{i: cross(b[i], b[PARTNER[i]]) for i in PARTNER} for b in bones]
    angles = [{i: angle(b[i], b[PARTNER[i]]) for i in PARTNER} for b in bones]
    out = {name: [[ZERO] * V for _ in range(T)] for name in MODALITIES}
    for t, v in itertools.product(range(T), range(V)):
        i = v + 1
        out["joint"][t][v] = p[t, v]
        out["bone"][t][v] = bones[t][i]
        out["rotation"][t][v] = axes[t].get(i, ZERO)
        if t < T - 1:
            out["motion"][t][v] = f * (p[t + 1, v] - p[t, v])
            if i != 21:
                out["angular"][t][v] = f * (angles[t + 1][i] - angles[t][i]) * norm(axes[t][i])
        if t < T - 2:
            out["acceleration"][t][v] = f * (f * (p[t + 2, v] - p[t + 1, v]) - f * (p[t + 1, v] - p[t, v]))
    return {name: torch.stack([torch.stack(row) for row in rows]) for name, rows in out.items()}


def clips(N: int, P: int, T: int) -> torch.Tensor:
    joints = torch.randn(N, P, T, 25, 3, generator=torch.Generator().manual_seed(N + P + T), dtype=torch.float64)
    return normalise(joints).requires_grad_()


SIZES = [(1, 1, 2), (3, 1, 2), (1, 3, 3), (3, 1, 3), (2, 2, 4), (3, 1, 8)]


@pytest.mark.parametrize(
    ("N", "P", "T", "scaled"), [(*sizes, s) for sizes in SIZES for s in (True, False)] + [(1, 1, 50, True)]
)
def test_values_and_gradients(N, P, T, scaled):
    p = clips(N, P, T)
    frames_N = torch.linspace(20, 200, N, dtype=torch.float64)
    found = modalities(p, time_scale(frames_N) if scaled else None)
    weights = torch.randn(p.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    own = [[twin(p[n, m], 50 / float(frames_N[n]) if scaled else 1.0) for m in range(P)] for n in range(N)]
    for name, x in zip(MODALITIES, found, strict=True):
        expected = torch.stack([torch.stack([person[name] for person in clip]) for clip in own])
        torch.testing.assert_close(x, expected, rtol=1e-9, atol=1e-9, msg=name)
        if T == 2 and name == "acceleration":
            assert not x.any()
            continue
        mine, other = (torch.autograd.grad((y * weights).sum(), p, retain_graph=True)[0] for y in (x, expected))
        torch.testing.assert_close(mine, other, rtol=1e-6, atol=1e-6, msg=name)


def test_one_frame_has_no_motion():
    for name, x in zip(MODALITIES, modalities(clips(2, 1, 1), torch.ones(2, dtype=torch.float64)), strict=True):
        assert x.shape == (2, 1, 1, 25, 3)
        assert bool(x.any()) == (name in ("joint", "bone", "rotation"))


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_any_subset_in_any_order(count):
    p, scale = clips(3, 2, 5), torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    whole = dict(zip(MODALITIES, modalities(p, scale), strict=True))
    for names in list(itertools.permutations(MODALITIES, count))[:: max(1, 5 ** (count - 1))]:
        for name, x in zip(names, modalities(p, scale, names), strict=True):
            torch.testing.assert_close(x, whole[name], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", MODALITIES)
def test_people_and_clips_do_not_mix(name):
    """Another person, or another clip's time scale, changes nothing: the axes of a batch are independent."""
    p, scale = clips(3, 3, 3).detach(), torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    (x,) = modalities(p, scale, [name])
    other, faster = p.clone(), scale.clone()
    other[1, 2] += torch.randn_like(other[1, 2])
    faster[1] = 3.0
    (y,) = modalities(other, faster, [name])
    torch.testing.assert_close(x[[0, 2]], y[[0, 2]], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(modalities(other, scale, [name])[0][1, :2], x[1, :2], rtol=1e-12, atol=1e-12)
