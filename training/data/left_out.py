"""Removal of clips from a finished store, without reading its source again. Numpy only.

Shapes: R rows (one a person of a clip), N clips.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from models.system.atomic import replacing
from training.data.counterparts import COUNTERPART
from training.data.readers.base import Columns
from training.data.store import META, SKELETONS, Store
from training.data.store_parts import Gathered, rows_header

_CLIPS = 1024  # in memory at a time


def leave_out(folder: Path, names: Collection[str], skipped: tuple[str, ...]) -> Gathered:
    """Rewrite a store's rows without the clips of some names, and return the columns of the others.

    The store is unfinished then, until `store_parts.finish` writes its index and store.json.

    Args:
        folder: a finished store without counterparts.
        names: of the clips that go; those that it does not hold are passed over.
        skipped: sentences about what could not be used when it was made.

    Raises:
        ValueError: no clip would stay.
    """
    store = Store(folder)
    assert COUNTERPART not in store.index, "NTU's clips have none"
    kept_N = np.flatnonzero(~np.isin(store.index["name"], list(names)))
    if not len(kept_N):
        raise ValueError(f"the list of missing skeletons names every clip of {folder}; give another list")
    people_N, first_N = store.people_N[kept_N], store.index["first"][kept_N]
    with replacing(folder / SKELETONS) as part:
        with open(part, "wb") as file:
            rows_header(file, int(people_N.sum()))
            for start in range(0, len(kept_N), _CLIPS):
                some = slice(start, start + _CLIPS)
                rows_R = [np.arange(first, first + people) for first, people in zip(first_N[some], people_N[some])]
                file.write(store.rows[np.concatenate(rows_R)].tobytes())
        (folder / META).unlink()
    label_names = np.array([*store.labels, ""])  # -1 is the last
    columns = Columns(
        name=store.index["name"][kept_N], label=label_names[store.label_N[kept_N]], subject=store.subject_N[kept_N],
        view=store.view_N[kept_N], setup=store.index["setup"][kept_N],
    )  # fmt: skip
    # What there is to know of the bodies was told when the store was made.
    told_N = np.zeros(len(kept_N))
    still = tuple(line for line in skipped if not any(line.startswith(name) for name in names))
    return Gathered(columns, people_N, store.frames_N[kept_N], told_N, still, ())
