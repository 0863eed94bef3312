"""Features h of a store's clips, on which linear heads and nearest neighbours are judged.

Shape suffixes: N clips, M modalities, H width of h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from models.branches import Branches
from training.data.augmentation import mirrored
from training.data.store import Batch, Store
from training.evaluation.pooling import blocks, places
from training.runs.precision import encoders_in


def only(branches: Branches, names: Sequence[str]) -> Branches:
    """Select some of the branches, in the order of the names.

    The encoders and heads are shared, not copied.

    Raises:
        ValueError: the branches lack a modality.
    """
    if missing := [name for name in names if name not in branches.names]:
        raise ValueError(f"there is no branch of {', '.join(missing)}; the model has {', '.join(branches.names)}")
    # Built without memory or random numbers, because every module is taken over from the other.
    hidden, width = branches.head
    with torch.device("meta"):
        part = Branches(names, branches.shape, (hidden, width), branches.recompute)
    for name in part.names:
        part.encoders[name], part.heads[name] = branches.encoders[name], branches.heads[name]
    return part.train(branches.training)


def people_slots(branches: Branches, store: Store) -> int | None:
    """Return how many people a batch holds, None for as many as its clips have.

    Where empty slots count in the mean, h must not depend on the batch's other clips.
    """
    return None if branches.shape.mask_people else int(store.people_N.max(initial=1))


LEAST_SPREAD = 1e-3  # of features that tell clips apart, relative to their length


def require_spread(h_NMH: Tensor, names: Sequence[str] = ()) -> None:
    """Refuse features that have collapsed: what is trained on them would be chance, and nobody would know why.

    Args:
        h_NMH: h of the training clips, (N, M, H).
        names: of the modalities, where they are known.

    Raises:
        ValueError: the clips' features differ by less than LEAST_SPREAD of their length.
    """
    for m, h_NH in enumerate(h_NMH.unbind(1) if len(h_NMH) > 1 else ()):
        off_NH = h_NH - h_NH.mean(0)
        share = float(off_NH.norm(dim=1).square().mean().sqrt() / h_NH.norm(dim=1).mean().clamp(min=1e-12))
        if share < LEAST_SPREAD:
            p = torch.linalg.svdvals(off_NH.double())
            p = (p / p.sum().clamp(min=1e-300)).clamp(min=1e-12)
            of = f" of {names[m]}" if names else ""
            raise ValueError(
                f"the features{of} have collapsed: from clip to clip they differ by {share:.1e} of their length "
                f"(effective rank {float(torch.exp(-(p * p.log()).sum())):.1f}), so a result would be chance; train "
                "for more epochs, and look at std in the run's log"
            )


@torch.no_grad()
def features(
    branches: Branches,
    store: Store,
    ids: np.ndarray,
    device: str | torch.device = "cpu",
    precision: str = "fp32",
    batch: int = 256,
    pooling: str = "mean",
    mirror: bool = False,
) -> Tensor:
    """Compute h of some clips in eval mode, without gradient or augmentation.

    Args:
        branches: moved to the device; its mode is as before afterwards.
        store: the clips.
        ids: their numbers.
        device: where to compute.
        precision: of the encoders, one of training.config.schema.PRECISIONS but auto.
        batch: clips at a time.
        pooling: mean gives h; places and blocks give the summaries of training.evaluation.pooling in its place (10 H
            numbers; 10 times the sum of all blocks' widths).
        mirror: of the clips with left and right exchanged.

    Returns:
        h_NMH, float32, on the CPU, in the order of the numbers.
    """
    training, device = branches.training, torch.device(device)
    branches.to(device).eval()
    parts: list[Tensor] = []
    for start in tqdm(range(0, len(ids), batch), desc="features", unit="batch", leave=False):
        some = store.batch(ids[start : start + batch], device, people_slots(branches, store))
        some = replace(some, joints_NPTVC=mirrored(some.joints_NPTVC)) if mirror else some
        with encoders_in(precision, device):
            h_MNH = _pooled(branches, some, pooling)
        parts.append(h_MNH.transpose(0, 1).float().cpu())
    branches.train(training)
    return torch.cat(parts) if parts else torch.empty(0, len(branches.names), branches.shape.channels[-1])


def _pooled(branches: Branches, some: Batch, pooling: str) -> Tensor:
    if pooling == "mean":
        return branches.encode(some.joints_NPTVC, some.frames_N, some.present_NP)
    kept_NP = branches.kept(some.joints_NPTVC, some.present_NP)
    x_MBTVC = branches.rows(some.joints_NPTVC, some.frames_N, kept_NP)
    if pooling == "places":
        read_MBH = [places(maps_BHtV.float()) for maps_BHtV in branches.maps(x_MBTVC)]
    else:
        read_MBH = [blocks(maps_LBHtV) for maps_LBHtV in branches.block_maps(x_MBTVC)]
    return branches.pooled(read_MBH, len(some.ids_N), kept_NP)
