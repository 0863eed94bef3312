"""Two augmented views of every clip of an epoch, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from training.config.schema import PretrainConfig, Schedule
from training.data.augmentation import augment
from training.data.pool import Pool
from training.data.store import Batch
from training.parallel.torchrun import Group


def part_of(batch: Batch, part: slice) -> Batch:
    """Return a slice of a batch."""
    return Batch(*(getattr(batch, f)[part] for f in ("joints_NPTVC", "frames_N", "present_NP", "label_N", "ids_N")))


def two_views(pool: Pool, config: Schedule, epoch: int, group: Group) -> Iterator[tuple[Batch, Batch]]:
    """Yield this process's shares of one epoch's batches, in two views.

    Order and views are drawn anew by seed and epoch. Clips that fill no whole batch are left out. In pre-training, the
    second view of a clip that another sensor saw too is sometimes made of what that sensor saw; a student always sees
    the clips themselves.
    """
    pair = config.pair if isinstance(config, PretrainConfig) and pool.paired else 0.0
    order = np.random.default_rng([config.seed, epoch]).permutation(len(pool))
    share = group.share(config.batch)
    for step in range(len(pool) // config.batch):
        batch = pool.batch(order[step * config.batch : (step + 1) * config.batch], group.device)
        rng = torch.Generator().manual_seed(
            int(np.random.SeedSequence([config.seed, epoch, step]).generate_state(1)[0])
        )
        sources = [batch.joints_NPTVC] * 2
        if pair:  # drawn by itself, so that the views' own numbers stay the same
            chance_N = np.random.default_rng([config.seed, epoch, step, 1]).random(config.batch)
            sources[1] = pool.exchanged(batch, chance_N < pair)
        views = [augment(joints_NPTVC, rng, config.views) for joints_NPTVC in sources]
        fields = (batch.frames_N, batch.present_NP, batch.label_N, batch.ids_N)
        # All processes draw the numbers of the whole batch, so that their number changes nothing.
        first, second = (part_of(Batch(view, *fields), share) for view in views)
        yield first, second
