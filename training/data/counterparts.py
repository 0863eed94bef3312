"""Counterparts in a clip store: the same moments as another sensor saw them, for the clips that have such a thing.

They stand in an array of their own beside the skeletons; the index says which row is whose. A store without them lacks
both. Shapes: N clips, K counterparts, T = 50 frames, V = 25 joints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

COUNTERPARTS, COUNTERPART = "counterparts.npy", "counterpart"


def write_counterparts(folder: Path, some: Sequence[np.ndarray | None]) -> dict[str, np.ndarray]:
    """Write the array of a store that is being made; one that an earlier store left there is deleted.

    Args:
        folder: of the store.
        some: per clip its first person as the other sensor saw it, (50, 25, 3) normalised, or None.

    Returns:
        The index's field: (N,) row of each clip's counterpart, -1 where it has none. Empty where no clip has one.
    """
    (folder / COUNTERPARTS).unlink(missing_ok=True)
    has_N = np.array([one is not None for one in some], bool)
    if not has_N.any():
        return {}
    np.save(folder / COUNTERPARTS, np.stack([one for one in some if one is not None]).astype(np.float32))
    return {COUNTERPART: np.where(has_N, np.cumsum(has_N) - 1, -1)}


def read_counterparts(folder: Path, index: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """Return the memory-mapped counterparts (K, 50, 25, 3) that a store's index speaks of, None where it has none.

    Raises:
        FileNotFoundError: they are missing.
        ValueError: they are damaged, or not those of the index.
    """
    if COUNTERPART not in index:
        return None
    rows_KTV3 = np.load(folder / COUNTERPARTS, mmap_mode="r", allow_pickle=False)
    named = index[COUNTERPART][index[COUNTERPART] >= 0]
    if not np.array_equal(named, np.arange(len(rows_KTV3))) or len(index[COUNTERPART]) != len(index["people"]):
        raise ValueError(f"{COUNTERPARTS} is not that of the index")
    return rows_KTV3
