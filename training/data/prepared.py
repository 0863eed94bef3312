"""Contents of a prepared store in numbers, and the lines that its maker should read. Numpy only.

Shapes: N clips.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.system.words import count
from training.data.readers.base import Reader
from training.data.store_parts import Gathered

SKIPPED = "skipped.txt"
MOST_NAMED = 8
LEAST_JUDGED = 20  # clips from which on mirrored coordinates can be told from odd poses


@dataclass(frozen=True, slots=True)
class Counts:
    """Contents of a store in numbers.

    Attributes:
        kind: kind of the source.
        clips: clips.
        pairs: clips with two people.
        labels: number of labels.
        splits: split -> clips that train and test.
        skipped: files and clips that could not be used.
    """

    kind: str
    clips: int
    pairs: int
    labels: int
    splits: dict[str, tuple[int, int]]
    skipped: int

    @classmethod
    def of(cls, reader: Reader, found: Gathered, splits: dict[str, np.ndarray]) -> Counts:
        """Count what a reader found, and the clips that train (1) and test (0) in each split, (N,) a split."""
        sizes = {name: (int((part == 1).sum()), int((part == 0).sum())) for name, part in splits.items()}
        pairs, labels = int((found.people_N == 2).sum()), len(reader.labels(found.columns))
        return cls(reader.kind, len(found.people_N), pairs, labels, sizes, len(found.skipped))

    @classmethod
    def read(cls, values: dict[str, Any]) -> Counts:
        """Return the counts that prepare.json holds."""
        return cls(**(values | {"splits": {name: tuple(pair) for name, pair in values["splits"].items()}}))


def lines(counts: Counts, found: Gathered, reader: Reader, out: Path) -> Iterator[str]:
    """Yield the lines that the user should read at the end.

    Args:
        counts: of the store.
        found: the clips' columns.
        reader: that found them.
        out: folder of the store.
    """
    for line in found.skipped[:MOST_NAMED]:
        yield f"left out: {line}"
    if len(found.skipped) > MOST_NAMED:
        yield f"... and {len(found.skipped) - MOST_NAMED} more left out, named in {out / SKIPPED}"
    for note, clips in Counter(found.notes).items():
        if note:
            yield f"WARNING: {count(clips, 'clip')}: {note}"
    if counts.clips >= LEAST_JUDGED and np.median(found.front_N) < 0:
        yield (
            "WARNING: feet point backwards in most clips, so the coordinates are mirrored or left and right are "
            "exchanged; x must run to the actor's right when facing the camera, y up, z away from it"
        )
    yield (
        f"{count(counts.clips, 'clip')} ({counts.pairs} with two people), {count(counts.labels, 'label')}, "
        f"kind {counts.kind}"
    )
    yield from _of_splits(counts, found, reader)


def _of_splits(counts: Counts, found: Gathered, reader: Reader) -> Iterator[str]:
    expected = reader.expected(found.columns)
    for name, (train, test) in counts.splits.items():
        about = f" ({reader.split_notes[name]})" if name in reader.split_notes else ""
        yield f"split {name}: {train} train, {test} test{about}"
        if name in expected and (train, test) != expected[name]:
            a, b = expected[name]
            here = f"; {train + test} of {a + b} clips are here, so files are missing"
            yield (
                f"WARNING: the published {name} has {a} train, {b} test: results on this are not comparable"
                + (here if train + test < a + b else reader.advice)
            )
    if not counts.splits:
        yield (
            "no split: actors and cameras of the clips do not tell who should train and who should test; number "
            "the actors (odd ones train, even ones test), or give three cameras"
        )
