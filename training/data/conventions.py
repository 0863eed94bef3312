"""Poorer conventions of the skeleton: what a clip of 25 joints looks like where a sensor has fewer of them.

Source: several conventions of one clip in one encoder are the idea of MS-CLR (arXiv 2403.11858). Shapes: L conventions,
V and U joints (25): joint v of the poorer skeleton is a mean of joints u.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from models.skeleton import JOINTS, V

_SIDES = ("left", "right")
_HANDS = {f"{s}_{end}": (f"{s}_wrist",) for s in _SIDES for end in ("hand", "tip", "thumb")}
_FEET = {f"{s}_foot": (f"{s}_ankle",) for s in _SIDES}
_HIPS, _SHOULDERS = tuple(f"{s}_hip" for s in _SIDES), tuple(f"{s}_shoulder" for s in _SIDES)
# joint -> joints whose mean stands in for it; all others are their own.
LAYOUTS: dict[str, dict[str, tuple[str, ...]]] = {
    "15 joints (OpenNI)": {**_HANDS, **_FEET, "spine_mid": ("pelvis", "spine_shoulder")},
    "13 joints (COCO's body)": {
        **_HANDS, **_FEET, "pelvis": _HIPS, "spine_mid": _HIPS + _SHOULDERS, "spine_shoulder": _SHOULDERS,
        "neck": (*_SHOULDERS, "head", "head"),
    },
}  # fmt: skip


def _means(sources: Mapping[str, tuple[str, ...]]) -> Tensor:
    out_VU = torch.zeros(V, V)
    for v, name in enumerate(JOINTS):
        for source in sources.get(name, (name,)):
            out_VU[v, JOINTS.index(source)] += 1 / len(sources.get(name, (name,)))
    return out_VU


LAYOUTS_LVU = torch.stack([_means(sources) for sources in LAYOUTS.values()])
