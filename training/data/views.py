"""Strength of the augmentations that make two views of a clip, and of hiding parts of one.

See training.data.augmentation and training.data.hiding.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Views:
    """Strengths of a view's augmentations.

    Attributes:
        crop: padding at either side of the temporal crop, as a share of the frames (published: 1/6).
        shear: the six off-diagonals of the shear are U(-shear, shear) (published: 0.5).
        turn: rotation about y, U(-turn, turn) radians, before the shear.
        tilt: rotations about x and z, N(0, tilt) radians.
        speed: the crop is read up to this factor faster or slower (1: never).
        noise: jitter of every coordinate, N(0, noise) metres.
        lose: chance that one limb is collapsed onto its root.
        mirror: chance of exchanging left and right.
        blur: chance of smoothing over time.
        layout: chance of being shown as a poorer skeleton would: one of 15 joints, or of 13 and no spine.
    """

    crop: float = 1 / 6
    shear: float = 0.5
    turn: float = 0.0
    tilt: float = 0.0
    speed: float = 1.0
    noise: float = 0.0
    lose: float = 0.0
    mirror: float = 0.0
    blur: float = 0.0
    layout: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Hiding:
    """What of a query's clip is hidden.

    Attributes:
        share: of its tubes, a body part for a stretch of time each (0: nothing is hidden).
        stretches: into which the clip's time is cut.
    """

    share: float = 0.0
    stretches: int = 4
