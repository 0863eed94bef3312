"""The six modalities against a slow twin that goes joint by joint, in the paper's numbering from 1."""

import math

import numpy as np
import pytest
import torch

from models.modalities import modalities, normalise, time_scale
from models.modality_names import MODALITIES, check_modalities

BONE_PAIRS = (
    (1, 2), (2, 21), (3, 21), (4, 3), (5, 21), (6, 5), (7, 6), (8, 7), (9, 21), (10, 9), (11, 10), (12, 11), (13, 1),
    (14, 13), (15, 14), (16, 15), (17, 1), (18, 17), (19, 18), (20, 19), (22, 8), (23, 8), (24, 12), (25, 12),
)  # fmt: skip
ROTATION_PAIRS = (*(pair for pair in BONE_PAIRS if pair[0] not in (23, 25)), (23, 22), (25, 24))


def unit(x: np.ndarray) -> np.ndarray:
    length = math.sqrt(float(x @ x))
    return x / length if length > 0 else np.zeros(3)


def twin_normalise(joints_TV3: np.ndarray) -> np.ndarray:
    out = np.zeros_like(joints_TV3)
    for t, frame in enumerate(joints_TV3):
        across = frame[9 - 1] - frame[5 - 1]
        angle = math.atan2(across[2], across[0])
        turn = np.array([[math.cos(angle), 0, math.sin(angle)], [0, 1, 0], [-math.sin(angle), 0, math.cos(angle)]])
        for v in range(25):
            out[t, v] = turn @ (frame[v] - frame[21 - 1])
    return out


def twin_modalities(p: np.ndarray, f: float) -> dict[str, np.ndarray]:
    """p (T, 25, 3) of one person, float64."""
    T = len(p)
    out = {name: np.zeros_like(p) for name in MODALITIES}
    angle = np.zeros((T, 25))
    for t in range(T):
        b = np.zeros((25, 3))
        for child, parent in BONE_PAIRS:
            b[child - 1] = p[t, child - 1] - p[t, parent - 1]
        b[20] = unit(np.cross(b[2 - 1] - b[9 - 1], b[5 - 1] - b[9 - 1]))
        out["bone"][t] = b
        for i, k in ROTATION_PAIRS:
            out["rotation"][t, i - 1] = np.cross(b[i - 1], b[k - 1])
            u, w = unit(b[i - 1]), unit(b[k - 1])
            angle[t, i - 1] = math.atan2(math.sqrt(float((np.cross(u, w) ** 2).sum())), float(u @ w))
    out["joint"][:] = p
    for t in range(T - 1):
        out["motion"][t] = f * (p[t + 1] - p[t])
        for v in range(25):
            out["angular"][t, v] = f * (angle[t + 1, v] - angle[t, v]) * unit(out["rotation"][t, v])
    for t in range(T - 2):
        out["acceleration"][t] = f * (out["motion"][t + 1] - out["motion"][t])
    return out


# A batch of 3, 3 people or 3 frames is where a cross product without its axis goes wrong silently.
@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("people", [1, 2, 3])
@pytest.mark.parametrize("frames", [3, 7])
def test_against_the_slow_twin(batch: int, people: int, frames: int) -> None:
    rng = np.random.default_rng(batch * 100 + people * 10 + frames)
    raw = rng.normal(size=(batch, people, frames, 25, 3))
    raw[0, 0, 0, 7] = raw[0, 0, 0, 6]  # a lost hand sits on its wrist
    clip_frames = rng.uniform(20, 200, batch)
    p = normalise(torch.from_numpy(raw))
    found = modalities(p, time_scale(torch.from_numpy(clip_frames)))
    for n in range(batch):
        for m in range(people):
            own = twin_normalise(raw[n, m])
            np.testing.assert_allclose(p[n, m].numpy(), own, atol=1e-12)
            expected = twin_modalities(own, 50 / clip_frames[n])
            for name, x in zip(MODALITIES, found, strict=True):
                np.testing.assert_allclose(x[n, m].numpy(), expected[name], atol=1e-9, err_msg=name)


def test_float32_stays_close() -> None:
    p = normalise(torch.randn(3, 50, 25, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    scale = torch.full((3,), 0.8)
    for name, exact, x in zip(MODALITIES, modalities(p, scale.double()), modalities(p.float(), scale), strict=True):
        torch.testing.assert_close(x.double(), exact, atol=2e-5, rtol=1e-4, msg=name)


def test_any_view_gives_the_same() -> None:
    """Turned by any angle about y, moved anywhere, the normalised joints stay, and the right shoulder is at +x."""
    p = torch.randn(2, 5, 25, 3, dtype=torch.float64)
    for angle in (0.3, 2.0, math.pi, -1.2):
        c, s = math.cos(angle), math.sin(angle)
        turned = p @ torch.tensor([[c, 0, s], [0, 1, 0], [-s, 0, c]], dtype=torch.float64) + 3.0
        torch.testing.assert_close(normalise(turned), normalise(p))
    across = normalise(p)[..., 8, :] - normalise(p)[..., 4, :]
    assert (across[..., 0] > 0).all()
    assert across[..., 2].abs().max() < 1e-12


COLLAPSES = {
    "a hand on its wrist": [7],
    "lower body on the root": [0, 1, *range(12, 20)],
    "shoulders on the root": [4, 8],
    "an arm on its shoulder's parent": [4, 5, 6, 7, 21, 22],
    "everything": list(range(25)),
}


@pytest.mark.parametrize("name", list(COLLAPSES))
def test_collapsed_joints_are_finite(name: str) -> None:
    joints = torch.randn(3, 6, 25, 3, generator=torch.Generator().manual_seed(1))
    joints[:, :, COLLAPSES[name]] = joints[:, :, 20:21]
    joints.requires_grad_()
    found = modalities(normalise(joints), torch.full((3,), 50 / 60))
    weights = torch.randn(3, 6, 25, 3)
    sum((x * weights).sum() for x in found).backward()
    assert all(x.isfinite().all() for x in found)
    assert joints.grad is not None and joints.grad.isfinite().all()


def test_straight_bones_have_finite_gradients() -> None:
    """Parallel bones: the angle is 0 and the cross product's length has no gradient of its own."""
    joints = torch.arange(25.0).reshape(1, 1, 25, 1).expand(1, 4, 25, 3).clone().requires_grad_()
    for x in modalities(joints, None):
        x.sum().backward(retain_graph=True)
    assert joints.grad is not None and joints.grad.isfinite().all()


def test_switched_off_scale_is_one() -> None:
    p = torch.randn(2, 6, 25, 3)
    for x, same in zip(modalities(p, None), modalities(p, torch.ones(2)), strict=True):
        torch.testing.assert_close(x, same)


@pytest.mark.parametrize("names", [[], ["joint", "joint"], ["joint", "bones"]])
def test_wrong_names(names: list[str]) -> None:
    with pytest.raises(ValueError, match="different names out of joint, motion, bone"):
        check_modalities(names)
