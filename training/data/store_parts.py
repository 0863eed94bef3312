"""Parts of a clip store: some files' clips each, written to disk and joined to one store. Numpy only.

Preparing a data set is cut into parts, each written whole or not at all: what a killed run had done stays done, the
parts can be made side by side, and no more than one part's clips is in memory at a time.

Shapes: R rows (one a person of a clip), N clips, T = 50 frames, V = 25 joints, C = 3 coordinates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

from models.system.atomic import replacing
from training.data.readers.base import Columns, Reader, ReadError, RecordedClip, forwardness
from training.data.store import FRAMES, META, SKELETONS, finish_store, preprocess

_COLUMNS = {"name": np.str_, "label": np.str_, "subject": np.int64, "view": np.int64, "setup": np.int64}
_NUMBERS = {"people": np.int8, "frames": np.float32, "front": np.float32}


@dataclass(frozen=True, slots=True)
class PartJob:
    """Job of making one part of some files."""

    number: int
    reader: Reader
    source: Path
    files: tuple[Path, ...]
    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / f"part_{self.number:05d}.npz"


@dataclass(slots=True)
class _Rows:
    """Rows and columns that a part collects."""

    rows: list[np.ndarray] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in (*_COLUMNS, *_NUMBERS)})
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, clip: RecordedClip) -> None:
        people = [(x, seen) for x, seen in zip(clip.joints_PTVC, clip.valid_PT) if seen.any()]
        rows = [preprocess(x, seen, clip.clock) for x, seen in people]
        self.rows += rows
        values = {name: getattr(clip, name) for name in _COLUMNS}
        values |= {"people": len(rows), "frames": clip.frames, "front": forwardness(rows[0])}
        for name, value in values.items():
            self.columns[name].append(value)
        self.notes.append(clip.note)

    def cut(self, clips: int) -> None:
        """Forget all clips from this number on, because their file turned out to be broken."""
        del self.rows[sum(self.columns["people"][:clips]) :]
        for column in (*self.columns.values(), self.notes):
            del column[clips:]

    def arrays(self) -> dict[str, np.ndarray]:
        rows = np.stack(self.rows) if self.rows else np.zeros((0, FRAMES, 25, 3), np.float32)
        kinds = _COLUMNS | _NUMBERS
        named = {name: np.array(column, kinds[name]) for name, column in self.columns.items()}
        said = {"skipped": np.array(self.skipped, np.str_), "notes": np.array(self.notes, np.str_)}
        return {"rows": rows, **said, **named}


def make_part(job: PartJob) -> int:
    """Read a job's files and write its part.

    The part names the files and clips that cannot be used.

    Returns:
        How many files were read.
    """
    found = _Rows()
    for path in job.files:
        before = len(found.columns["name"])
        try:
            for clip in job.reader.read(path, job.source):
                if isinstance(clip, ReadError):
                    found.skipped.append(str(clip))
                else:
                    found.add(clip)
        except (ValueError, OSError) as error:
            found.cut(before)
            found.skipped.append(_why(path, error))
    with replacing(job.path) as part, open(part, "wb") as file:
        np.savez(file, allow_pickle=False, **found.arrays())
    return len(job.files)


def _why(path: Path, error: Exception) -> str:
    """Return the file's name and why it cannot be used; of an error of the system its own words alone."""
    if isinstance(error, OSError):
        return f"{path.name}: {error.strerror or 'it cannot be read'}"
    text = str(error).removeprefix(f"{path.parent}/")
    return text if path.name in text else f"{path.name}: {text}"


def _each(paths: list[Path]) -> Iterator[dict[str, np.ndarray]]:
    """Yield the parts without their rows."""
    for path in paths:
        with np.load(path, allow_pickle=False) as part:
            yield {name: part[name] for name in part.files if name != "rows"}


@dataclass(frozen=True, slots=True)
class Gathered:
    """Columns of all parts, without their rows.

    Attributes:
        columns: what the splits are told by.
        people_N: people of each clip.
        frames_N: frames at 30 a second.
        front_N: `forwardness` of each clip's first person, metres.
        skipped: sentences about what could not be used.
        notes: what there is to know of each clip's first person, "" where nothing.
    """

    columns: Columns
    people_N: np.ndarray
    frames_N: np.ndarray
    front_N: np.ndarray
    skipped: tuple[str, ...]
    notes: tuple[str, ...]


def gather(paths: list[Path]) -> Gathered:
    """Join the parts' columns, one part after the other."""
    parts = list(_each(paths))
    names = (*_COLUMNS, *_NUMBERS, "skipped", "notes")
    whole = {name: np.concatenate([part[name] for part in parts]) for name in names}
    columns = Columns(**{name: whole[name] for name in _COLUMNS})
    skipped, notes = (tuple(whole[name].tolist()) for name in ("skipped", "notes"))
    return Gathered(columns, whole["people"], whole["frames"], whole["front"], skipped, notes)


def rows_header(file: IO[bytes], rows: int) -> None:
    """Write the header of skeletons.npy, for as many rows."""
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype("<f4")), "fortran_order": False}
    np.lib.format.write_array_header_1_0(file, header | {"shape": (rows, FRAMES, 25, 3)})


def write_rows(folder: Path, paths: list[Path], rows: int) -> None:
    """Write skeletons.npy from the parts' rows, with one part in memory at a time.

    Plain writes, not a memory map: on a full disk these raise an OSError, where a map ends the process.
    """
    (folder / META).unlink(missing_ok=True)
    with open(folder / SKELETONS, "wb") as file:
        rows_header(file, rows)
        for path in paths:
            with np.load(path, allow_pickle=False) as part:
                rows -= len(part["rows"])
                file.write(part["rows"].astype("<f4").tobytes())
    assert rows == 0, rows


def finish(folder: Path, reader: Reader, found: Gathered, splits: dict[str, np.ndarray]) -> None:
    """Write index and store.json beside the rows."""
    labels = reader.labels(found.columns)
    number = {label: i for i, label in enumerate(labels)} | {"": -1}
    fields = {
        "first": np.cumsum(found.people_N, dtype=np.int64) - found.people_N,
        "people": found.people_N,
        "frames": found.frames_N,
        "label": np.array([number[label] for label in found.columns.label.tolist()], np.int64),
        **{name: getattr(found.columns, name) for name in ("subject", "view", "setup", "name")},
    }
    finish_store(folder, fields, labels, splits, reader.kind)
