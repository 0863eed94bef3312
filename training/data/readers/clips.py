"""Reader of the project's own clip format (models.clips): one .npz, or a folder of them. Numpy only.

Shapes: P people (here 1), T frames, V = 25 joints, C = 3 coordinates, N clips.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from models.clips import ClipFileError, read_clips
from training.data.readers.base import Columns, Reader, ReadError, RecordedClip, files_below, halves

TRAIN_VIEWS, TEST_VIEW = (1, 2), 3


class ClipsReader(Reader):
    """Reader of the project's own clip format.

    Labels are the set's own; with several sets in a folder, "set/label".

    Splits, set by set: xview (cameras 1 and 2 train, 3 tests) where a set has all three, xsub (odd actors train, even
    ones test) where it has more than one actor. A set to which a split does not apply is in neither half of it.
    """

    kind = "clips"
    wanted = ".npz files with `frames` (T, 25, 3) and `fps`"

    def files(self, source: Path) -> list[Path]:
        return [path for path in files_below(source) if path.suffix.lower() == ".npz" and path.is_file()]

    def read(self, path: Path, source: Path) -> Iterator[RecordedClip | ReadError]:
        several = source.is_dir() and len(self.files(source)) > 1
        set_name = path.relative_to(source).with_suffix("").as_posix() if source.is_dir() else path.stem
        faults: list[ClipFileError] = []
        for clip in read_clips(path, faults.append):
            label = f"{set_name}/{clip.label}" if several and clip.label else clip.label
            try:
                name, subject, view = f"{set_name}#{clip.index or 0}", _number(clip.subject), _number(clip.view)
                yield RecordedClip(name, clip.joints_TV3[None], clip.fps, label, subject, view)
            except ReadError as error:
                yield error
        yield from (ReadError(str(fault).removeprefix(f"{path.parent}/")) for fault in faults)

    def splits(self, columns: Columns, source: Path) -> dict[str, np.ndarray]:
        set_N = np.array([name.rpartition("#")[0] for name in columns.name.tolist()])
        crossed_N, mixed_N = (np.zeros(len(set_N), bool) for _ in range(2))
        for name in np.unique(set_N):
            mine_N = set_N == name
            crossed_N |= mine_N & ({*TRAIN_VIEWS, TEST_VIEW} <= set(columns.view[mine_N].tolist()))
            mixed_N |= mine_N & (len(np.unique(columns.subject[mine_N])) > 1)
        crossed_N &= np.isin(columns.view, (*TRAIN_VIEWS, TEST_VIEW))
        found = {}
        if crossed_N.any():
            found["xview"] = halves(columns.view != TEST_VIEW, crossed_N)
        if mixed_N.any():
            found["xsub"] = halves(columns.subject % 2 == 1, mixed_N)
        return found


def _number(value: object) -> int:
    """Return the number of an actor or a camera, also of one who is called P01; 0 where there is none, or several."""
    found = re.findall(r"(?<![\d.])\d{1,9}(?![\d.])", f"{value:.0f}" if isinstance(value, float) else str(value))
    return int(found[0]) if len(found) == 1 else 0
