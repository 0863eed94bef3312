"""Recipe of training a student with labels, and the windows that it shows in an epoch.

Shapes: N batch, K frames of the window, V joints.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from models.labels import IDLE, OTHER
from models.shape import CHANNELS, STRIDES
from training.data.stillness import heading, turned
from training.data.tracks import Track
from training.supervised.augmentation import Augmentation
from training.supervised.life import Life
from training.supervised.window_augmentation import window_of


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
        shares: of the windows from each domain that has tracks, by name.
        evenness: 0 draws clips as they come, 1 draws all actions equally often.
        people: the same within an action of a domain, for people (sources, where nobody knows the person).
        mixed: share of the windows that are made up of two actions, as movement of no action.
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
    shares: dict[str, float] = field(default_factory=lambda: {"raw": 0.35, "camera": 0.65})
    evenness: float = 0.7
    people: float = 0.5
    mixed: float = 0.0
    average: float = 0.998
    seed: int = 0
    channels: tuple[int, ...] = CHANNELS
    strides: tuple[int, ...] = STRIDES
    modalities: tuple[str, ...] = ("joint", "bone", "motion")
    augmentation: Augmentation = field(default_factory=Augmentation)


def chances(tracks: list[Track], recipe: Recipe) -> np.ndarray:
    """Return each track's chance to be drawn: by domain, by action (evened), by person within the action (evened)."""
    who = [t.subject or t.source for t in tracks]
    count = Counter((t.domain, t.action) for t in tracks)
    mine = Counter((t.domain, t.action, one) for t, one in zip(tracks, who, strict=True))
    weight = np.array([
        count[t.domain, t.action] ** -recipe.evenness
        * (mine[t.domain, t.action, one] / count[t.domain, t.action]) ** -recipe.people
        for t, one in zip(tracks, who, strict=True)
    ])  # fmt: skip
    # Evening people out must not change how often their action is drawn.
    total: dict[tuple[str, str], float] = defaultdict(float)
    for track, one in zip(tracks, weight, strict=True):
        total[track.domain, track.action] += one
    weight *= [count[t.domain, t.action] ** (1 - recipe.evenness) / total[t.domain, t.action] for t in tracks]
    there = {t.domain for t in tracks}
    for domain in there:
        mask = np.array([t.domain == domain for t in tracks])
        weight[mask] *= recipe.shares.get(domain, 0.0) / weight[mask].sum()
    return weight / weight.sum()


def epoch_windows(
    tracks: list[Track], labels: tuple[str, ...], recipe: Recipe, epoch: int, life: Life | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the batches of one epoch, freshly drawn by seed and epoch.

    A batch is (joints (N, K, 25, 3), label numbers (N,)).
    """
    rng = np.random.default_rng([recipe.seed, epoch])
    chosen = rng.choice(len(tracks), recipe.windows, p=chances(tracks, recipe))
    for a in range(0, recipe.windows - recipe.batch + 1, recipe.batch):
        some = [tracks[i] for i in chosen[a : a + recipe.batch]]
        made = [window_of(t, recipe.window_s, recipe.frames, recipe.augmentation, rng, life) for t in some]
        joints, actions = np.stack([window for window, _ in made]), [action for _, action in made]
        if recipe.mixed > 0:
            _mix(joints, actions, recipe.mixed, rng)
        yield joints, np.array([labels.index(action) for action in actions])


def _mix(joints_NKV3: np.ndarray, actions: list[str], share: float, rng: np.random.Generator) -> None:
    """Make movement of no action, in place, of a share of the windows: the mean of two different actions' joints."""
    for i in np.flatnonzero(rng.random(len(actions)) < share):
        k = int(rng.integers(len(actions)))
        if len({actions[i], actions[k], IDLE, OTHER}) == 4:
            weight = rng.uniform(0.4, 0.6)
            pair = [turned(joints_NKV3[n], heading(joints_NKV3[n].mean(0))) for n in (i, k)]
            joints_NKV3[i] = weight * pair[0] + (1 - weight) * pair[1]
            actions[i] = OTHER
