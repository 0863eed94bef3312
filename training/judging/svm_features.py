"""Features of a window for the SVM baseline."""

from __future__ import annotations

import numpy as np
import torch

from models.modalities import normalise
from models.skeleton import CENTRE, JOINTS, V

MOMENTS = 5  # even moments whose poses are features
_PELVIS = JOINTS.index("pelvis")
TINY = 1e-6


def _upright(window_KV3: np.ndarray) -> np.ndarray:
    """Turn joints about the centre to face the camera, in lengths of the trunk, (K, J, 3)."""
    facing_KV3 = normalise(torch.from_numpy(np.ascontiguousarray(window_KV3, np.float32))).numpy()
    trunk = float(np.linalg.norm(facing_KV3[:, _PELVIS], axis=-1).mean())
    return np.delete(facing_KV3, CENTRE, axis=1) / (trunk if trunk > TINY else 1.0)


def features(window_KV3: np.ndarray) -> np.ndarray:
    """Compute hand-made features of a window.

    Neither place, nor size, nor the way the person faces changes them.

    Of every coordinate of every joint: mean, standard deviation, minimum and maximum over time; mean and standard
    deviation of its absolute speed; its place at MOMENTS even moments. Of every joint: mean and standard deviation of
    its speed. Lengths are in trunks (centre to pelvis, the window's mean), speeds in trunks a frame. A window whose
    pelvis was never seen stays in metres.

    Args:
        window_KV3: (K, 25, 3) metres, y up, K at least 5.

    Returns:
        (F,) float32, F = 840.

    Raises:
        ValueError: another shape, too few frames, or numbers that are not finite.
    """
    if window_KV3.ndim != 3 or window_KV3.shape[1:] != (V, 3) or len(window_KV3) < MOMENTS:
        raise ValueError(
            f"features need a window of at least {MOMENTS} frames, (K, {V}, 3) metres; got {window_KV3.shape}"
        )
    if not np.isfinite(window_KV3).all():
        raise ValueError("features need finite joints; fill lost ones first, as models.resample.read_window does")
    place_KJ3 = _upright(window_KV3)
    move_KJ3 = np.abs(np.diff(place_KJ3, axis=0))
    speed_KJ = np.linalg.norm(move_KJ3, axis=-1)
    even = ((np.arange(MOMENTS) + 0.5) * len(place_KJ3) / MOMENTS).astype(int)
    over_time = (
        place_KJ3.mean(0), place_KJ3.std(0), place_KJ3.min(0), place_KJ3.max(0),
        move_KJ3.mean(0), move_KJ3.std(0), speed_KJ.mean(0), speed_KJ.std(0), place_KJ3[even],
    )  # fmt: skip
    return np.concatenate([part.ravel() for part in over_time]).astype(np.float32)
