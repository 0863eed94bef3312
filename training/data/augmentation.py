"""Augmentation of whole batches on the device, with which a clip gets two views.

Random numbers are drawn anew from a seeded generator. Published (arXiv 2309.12009; SkeletonCLR, arXiv 2104.14466) are a
mirror-padded temporal crop, then a shear. The other augmentations are off in the paper preset. A clip may show one
person or two, who share its random numbers.

Shape suffixes: N clips, P people, T frames, V joints, C / D coordinates.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from models.skeleton import CENTRE, MIRROR, MIRROR_SIGN_3
from training.data.conventions import LAYOUTS, LAYOUTS_LVU
from training.data.views import Views

# (joints that fall, onto which joint): hands, arms, feet, legs.
_LIMBS: tuple[tuple[tuple[int, ...], int], ...] = (
    ((7, 21, 22), 6), ((11, 23, 24), 10), ((5, 6, 7, 21, 22), 4), ((9, 10, 11, 23, 24), 8),
    ((15,), 14), ((19,), 18), ((13, 14, 15), 12), ((17, 18, 19), 16),
)  # fmt: skip


def padded(x_NPTVC: Tensor, crop: float) -> Tensor:
    """Pad in time by mirroring int(T x crop) frames at each side.

    The end frames are repeated, as published.
    """
    pad = int(x_NPTVC.shape[2] * crop)
    if not pad:
        return x_NPTVC
    return torch.cat([x_NPTVC[:, :, :pad].flip(2), x_NPTVC, x_NPTVC[:, :, -pad:].flip(2)], dim=2)


def crop_time(x_NPTVC: Tensor, start_N: Tensor, crop: float) -> Tensor:
    """Crop the padded clip to T frames from start_N, an integer in [0, 2 pad]."""
    T = x_NPTVC.shape[2]
    long_NPLVC = padded(x_NPTVC, crop)
    index_NT = start_N[:, None] + torch.arange(T, device=x_NPTVC.device)
    return long_NPLVC[torch.arange(len(index_NT), device=x_NPTVC.device)[:, None], :, index_NT].transpose(1, 2)


def shear(x_NPTVC: Tensor, off_N6: Tensor) -> Tensor:
    """Shear every clip: add to each coordinate multiples of the other two.

    Row by row this is x_c + sum over d != c of off x_d.
    """
    S_NCD = torch.eye(3, device=x_NPTVC.device).repeat(len(off_N6), 1, 1)
    rows, columns = (0, 0, 1, 1, 2, 2), (1, 2, 0, 2, 0, 1)
    S_NCD[:, rows, columns] = off_N6
    return torch.einsum("nptvd,ncd->nptvc", x_NPTVC, S_NCD)


def _turned(x_NPTVC: Tensor, how: Views, rng: torch.Generator) -> Tensor:
    N = len(x_NPTVC)
    angle_N = (torch.rand(N, generator=rng) * 2 - 1) * how.turn
    tilt_N2 = torch.randn(N, 2, generator=rng) * how.tilt
    out = torch.eye(3).repeat(N, 1, 1)
    for angle, (a, b) in ((angle_N, (0, 2)), (tilt_N2[:, 0], (1, 2)), (tilt_N2[:, 1], (0, 1))):
        R_NCD = torch.eye(3).repeat(N, 1, 1)
        R_NCD[:, a, a] = R_NCD[:, b, b] = angle.cos()
        R_NCD[:, a, b], R_NCD[:, b, a] = angle.sin(), -angle.sin()
        out = R_NCD @ out
    return torch.einsum("nptvd,ncd->nptvc", x_NPTVC, out.to(x_NPTVC.device))


def _warped(x_NPTVC: Tensor, factor_N: Tensor, start_N: Tensor, crop: float) -> Tensor:
    """Crop in time as `crop_time` does, at another speed.

    Values between frames are interpolated linearly; the ends are held.
    """
    T, long_NPLVC = x_NPTVC.shape[2], padded(x_NPTVC, crop)
    middle_N1 = (start_N + (T - 1) / 2)[:, None]
    at_NT = middle_N1 + (torch.arange(T) - (T - 1) / 2) * factor_N[:, None]
    at_NT = at_NT.clamp(0, long_NPLVC.shape[2] - 1).to(x_NPTVC.device)
    a_NT = at_NT.floor().long()
    b_NT = (a_NT + 1).clamp(max=long_NPLVC.shape[2] - 1)
    n_N1, share = torch.arange(len(at_NT), device=x_NPTVC.device)[:, None], (at_NT - a_NT)[:, :, None, None, None]
    frames_NTPVC = long_NPLVC[n_N1, :, a_NT] * (1 - share) + long_NPLVC[n_N1, :, b_NT] * share
    return frames_NTPVC.transpose(1, 2)


def _lost(x_NPTVC: Tensor, chance: float, rng: torch.Generator) -> Tensor:
    """Collapse one limb of some clips onto its root, for the whole clip."""
    hit_N = torch.rand(len(x_NPTVC), generator=rng) < chance
    which_N = torch.randint(len(_LIMBS), (len(x_NPTVC),), generator=rng)
    source_NV = torch.arange(x_NPTVC.shape[3]).repeat(len(x_NPTVC), 1)
    for limb, (joints, root) in enumerate(_LIMBS):
        rows = (hit_N & (which_N == limb)).nonzero()
        source_NV[rows, torch.tensor(joints)] = root
    index = source_NV.to(x_NPTVC.device)[:, None, None, :, None].expand_as(x_NPTVC)
    return x_NPTVC.gather(3, index)


def _poorer(x_NPTVC: Tensor, chance: float, rng: torch.Generator) -> Tensor:
    """Show some clips as another convention of skeletons would, centred anew (MS-CLR, arXiv 2403.11858)."""
    which_N = torch.randint(len(LAYOUTS), (len(x_NPTVC),), generator=rng)
    hit_N = (torch.rand(len(x_NPTVC), generator=rng) < chance).to(x_NPTVC.device)[:, None, None, None, None]
    W_NVU = LAYOUTS_LVU[which_N].to(x_NPTVC)
    poorer_NPTVC = torch.einsum("nptuc,nvu->nptvc", x_NPTVC, W_NVU)
    return torch.where(hit_N, poorer_NPTVC - poorer_NPTVC[:, :, :, CENTRE : CENTRE + 1], x_NPTVC)


def mirrored(x_NPTVC: Tensor) -> Tensor:
    """Mirror tensors as models.skeleton.mirrored mirrors arrays."""
    return x_NPTVC[:, :, :, MIRROR.tolist()] * torch.from_numpy(MIRROR_SIGN_3).to(x_NPTVC.device)


def augment(x_NPTVC: Tensor, rng: torch.Generator, how: Views) -> Tensor:
    """Return one random view of each clip.

    Random numbers are drawn on the CPU, a few a clip, so that a seed means the same on every device; only the jitter
    is as large as the clip.

    Args:
        x_NPTVC: Normalised joints (N, P, T, 25, 3), metres.
        rng: CPU generator; the caller seeds it anew for every epoch and step.
        how: Strengths.

    Returns:
        The same shape.
    """
    N, device = len(x_NPTVC), x_NPTVC.device
    pad = int(x_NPTVC.shape[2] * how.crop)
    start_N = torch.randint(0, 2 * pad + 1, (N,), generator=rng)
    off_N6 = (torch.rand(N, 6, generator=rng) * 2 - 1) * how.shear
    if how.speed > 1:
        factor_N = torch.exp((torch.rand(N, generator=rng) * 2 - 1) * math.log(how.speed))
        x_NPTVC = _warped(x_NPTVC, factor_N, start_N, how.crop)
    elif pad:
        x_NPTVC = crop_time(x_NPTVC, start_N.to(device), how.crop)
    if how.turn or how.tilt:
        x_NPTVC = _turned(x_NPTVC, how, rng)
    if how.shear:
        x_NPTVC = shear(x_NPTVC, off_N6.to(device))
    if how.mirror:
        flip_N = (torch.rand(N, generator=rng) < how.mirror).to(device)[:, None, None, None, None]
        x_NPTVC = torch.where(flip_N, mirrored(x_NPTVC), x_NPTVC)
    if how.layout:
        x_NPTVC = _poorer(x_NPTVC, how.layout, rng)
    if how.lose:
        x_NPTVC = _lost(x_NPTVC, how.lose, rng)
    if how.blur:
        soft_N = (torch.rand(N, generator=rng) < how.blur).to(device)[:, None, None, None, None]
        ends = torch.cat([x_NPTVC[:, :, :1], x_NPTVC, x_NPTVC[:, :, -1:]], dim=2)
        x_NPTVC = torch.where(soft_N, (ends[:, :, :-2] + 2 * ends[:, :, 1:-1] + ends[:, :, 2:]) / 4, x_NPTVC)
    if how.noise:
        x_NPTVC = x_NPTVC + torch.randn(x_NPTVC.shape, generator=rng).to(device) * how.noise
    return x_NPTVC
