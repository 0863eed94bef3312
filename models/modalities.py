"""Centring, view normalisation and the six modalities of IKEM (arXiv 2309.12009).

They are in torch, so that they are exported with the model.

Shape suffixes: N batch (any leading axes, people too), T frames, V joints, C = 3 coordinates (metres, y up).
The coordinates are the last axis throughout, and every cross product names it. Collapsed joints (zero-length bones,
coinciding shoulders) give zeros, and finite gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from models.modality_names import MODALITIES, check_modalities
from models.skeleton import CENTRE, PARENTS

FRAMES = 50
LEFT_SHOULDER, RIGHT_SHOULDER = 4, 8
_SPINE_MIDDLE = 1
_TINY = 1e-12  # square metres (or unitless squares): below it a length counts as zero

# The rotation axis pairs each bone with its parent's, but the thumbs' with the tips': (23,22) and (25,24).
ROTATION_PARTNERS: tuple[int, ...] = tuple({22: 21, 24: 23}.get(i, int(parent)) for i, parent in enumerate(PARENTS))


def time_scale(frames_N: Tensor) -> Tensor:
    """Return f = 50 / (frames of the clip at 30 fps), (N,), which makes velocities independent of the clip's length."""
    return FRAMES / frames_N


def normalise(joints_NTVC: Tensor) -> Tensor:
    """Centre every frame on joint 21 and turn it about y until the shoulders are parallel to x.

    The right shoulder ends on the side of positive x whichever way the person faces. The angle's cosine and sine come
    straight from the shoulder vector, which is what atan2 would give, and stay finite when the shoulders coincide.

    Args:
        joints_NTVC: Joint positions (..., T, 25, 3) in metres, y up.

    Returns:
        The same shape.
    """
    centred_NTVC = joints_NTVC - joints_NTVC[..., CENTRE : CENTRE + 1, :]
    across_NTC = joints_NTVC[..., RIGHT_SHOULDER, :] - joints_NTVC[..., LEFT_SHOULDER, :]
    dx, dz = across_NTC[..., 0:1], across_NTC[..., 2:3]
    turned = dx * dx + dz * dz > _TINY
    dx, dz = torch.where(turned, dx, torch.ones_like(dx)), torch.where(turned, dz, torch.zeros_like(dz))
    length = torch.sqrt(dx * dx + dz * dz)
    cos, sin = dx / length, dz / length
    x, y, z = centred_NTVC.unbind(-1)
    return torch.stack([cos * x + sin * z, y, cos * z - sin * x], dim=-1)


def _length(x_NC: Tensor) -> tuple[Tensor, Tensor]:
    """Return the length over the last axis (kept), 1 where it vanishes, and the mask of where it does not."""
    square = (x_NC * x_NC).sum(-1, keepdim=True)
    solid = square > _TINY
    return torch.sqrt(torch.where(solid, square, torch.ones_like(square))), solid


def _unit(x_NC: Tensor) -> Tensor:
    """Return unit vectors along the last axis; a zero vector stays zero."""
    length, solid = _length(x_NC)
    return x_NC / length * solid


def _difference(x_NTVC: Tensor, scale: Tensor, lost: int) -> Tensor:
    """Return the forward difference in time, times the time scale, with zeros in the last `lost` frames."""
    keep = x_NTVC.shape[-3] - lost
    step_NTVC = scale * (x_NTVC[..., 1 : keep + 1, :, :] - x_NTVC[..., :keep, :, :])
    return torch.cat([step_NTVC, torch.zeros_like(x_NTVC[..., keep:, :, :])], dim=-3)


def _bones(p_NTVC: Tensor) -> Tensor:
    """Return each joint minus its parent; joint 21, which has none, gets the unit normal of the upper body's plane."""
    bones_NTVC = p_NTVC - p_NTVC[..., PARENTS.tolist(), :]
    right_NTC = bones_NTVC[..., RIGHT_SHOULDER, :]
    down_NTC = bones_NTVC[..., _SPINE_MIDDLE, :] - right_NTC
    left_NTC = bones_NTVC[..., LEFT_SHOULDER, :] - right_NTC
    normal_NT1C = _unit(torch.linalg.cross(down_NTC, left_NTC, dim=-1)).unsqueeze(-2)
    return torch.cat([bones_NTVC[..., :CENTRE, :], normal_NT1C, bones_NTVC[..., CENTRE + 1 :, :]], dim=-2)


def _rotation(bones_NTVC: Tensor) -> Tensor:
    """Return the cross product of each bone with its partner's: the axis of rotation, not normalised."""
    return torch.linalg.cross(bones_NTVC, bones_NTVC[..., ROTATION_PARTNERS, :], dim=-1)


def _angular_velocity(bones_NTVC: Tensor, scale: Tensor) -> Tensor:
    """Return the change of the angle between each bone and its partner, along the rotation axis."""
    units_NTVC = _unit(bones_NTVC)
    partners_NTVC = units_NTVC[..., ROTATION_PARTNERS, :]
    length, solid = _length(torch.linalg.cross(units_NTVC, partners_NTVC, dim=-1))
    sine, cosine = length * solid, (units_NTVC * partners_NTVC).sum(-1, keepdim=True)
    # atan2(0, 0) has no gradient: a collapsed bone has no direction, hence the angle 0.
    nowhere = ~solid & (cosine * cosine < 0.25)
    angle_NTV1 = torch.atan2(sine, torch.where(nowhere, torch.ones_like(cosine), cosine))
    return _difference(angle_NTV1, scale, 1) * _unit(_rotation(bones_NTVC))


# name -> f(joints, bones, time scale)
_RECIPES: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "joint": lambda p, b, f: p,
    "motion": lambda p, b, f: _difference(p, f, 1),
    "bone": lambda p, b, f: b,
    "acceleration": lambda p, b, f: _difference(_difference(p, f, 1), f, 2),
    "rotation": lambda p, b, f: _rotation(b),
    "angular": lambda p, b, f: _angular_velocity(b, f),
}
assert tuple(_RECIPES) == MODALITIES


def modalities(p_NTVC: Tensor, scale_N: Tensor | None, names: Sequence[str] = MODALITIES) -> list[Tensor]:
    """Compute the chosen modalities of normalised joints.

    Args:
        p_NTVC: Joints (N, ..., T, 25, 3) as `normalise` returns them (augmented or not), in metres.
        scale_N: The clips' time scale f, (N,); None switches it off (f = 1).
        names: Which of MODALITIES, in which order.

    Returns:
        One (N, ..., T, 25, 3) tensor for each name.
    """
    if scale_N is None:
        scale = torch.ones((), dtype=p_NTVC.dtype, device=p_NTVC.device)
    else:
        scale = scale_N.reshape(-1, *[1] * (p_NTVC.dim() - 1))
    bones_NTVC = _bones(p_NTVC)
    return [_RECIPES[name](p_NTVC, bones_NTVC, scale) for name in check_modalities(names)]
