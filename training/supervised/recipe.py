"""Recipe of training a student with labels, and the windows that it shows in an epoch.

Shapes: N batch, K frames of the window, V joints.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from models.shape import CHANNELS, STRIDES
from training.data.tracks import Track
from training.supervised.window_augmentation import Augmentation, window_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Recipe by which the default model is trained.

    Attributes:
        window_s: seconds of a window; goes into the model file.
        frames: frames of a window.
        epochs: passes of `windows` windows each.
        windows: windows an epoch, drawn anew each time.
        batch: windows a step.
        lr: peak of the one-cycle learning rate (AdamW).
        weight_decay: of AdamW, on weights.
        dropout: in the encoders' blocks 2 to 10.
        smoothing: label smoothing.
        camera: share of windows from the camera's domain.
        evenness: 0 draws clips as they come, 1 draws all actions equally often.
        average: decay of the weights' running mean, which is what is kept.
        seed: of everything random.
        channels: widths of the encoders' blocks.
        strides: of the encoders' blocks, in time.
        modalities: branches, in order.
        augmentation: how windows are varied.
    """

    window_s: float = 2.5
    frames: int = 50
    epochs: int = 30
    windows: int = 3072
    batch: int = 64
    lr: float = 3e-3
    weight_decay: float = 0.02
    dropout: float = 0.1
    smoothing: float = 0.1
    camera: float = 0.65
    evenness: float = 0.7
    average: float = 0.998
    seed: int = 0
    channels: tuple[int, ...] = CHANNELS
    strides: tuple[int, ...] = STRIDES
    modalities: tuple[str, ...] = ("joint", "bone", "motion")
    augmentation: Augmentation = field(default_factory=Augmentation)


def chances(tracks: list[Track], recipe: Recipe) -> np.ndarray:
    """Return each track's chance to be drawn: by domain, by action (evened), by source within the action (evened)."""
    count = Counter((t.domain, t.action) for t in tracks)
    sources = Counter((t.domain, t.action, t.source) for t in tracks)
    even = recipe.evenness
    weight = np.array([
        count[t.domain, t.action] ** -even * (sources[t.domain, t.action, t.source] / count[t.domain, t.action]) ** -0.5
        for t in tracks
    ])  # fmt: skip
    is_camera = np.array([t.domain == "camera" for t in tracks])
    for mask, share in ((is_camera, recipe.camera), (~is_camera, 1 - recipe.camera)):
        if mask.any():
            weight[mask] *= share / weight[mask].sum()
    return weight / weight.sum()


def epoch_windows(
    tracks: list[Track], labels: tuple[str, ...], recipe: Recipe, epoch: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the batches of one epoch, freshly drawn by seed and epoch.

    A batch is (joints (N, K, 25, 3), label numbers (N,)).
    """
    rng = np.random.default_rng([recipe.seed, epoch])
    chosen = rng.choice(len(tracks), recipe.windows, p=chances(tracks, recipe))
    for a in range(0, recipe.windows - recipe.batch + 1, recipe.batch):
        some = [tracks[i] for i in chosen[a : a + recipe.batch]]
        joints = np.stack([window_of(t, recipe.window_s, recipe.frames, recipe.augmentation, rng) for t in some])
        yield joints, np.array([labels.index(t.action) for t in some])
