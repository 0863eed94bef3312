"""Conversion of recorded skeletons or videos to one clip store: in parts, in parallel, resumable.

OUT/parts holds what is done; OUT/prepare.json says of which files and settings. A killed run goes on; another list
of files starts anew. store.json is written last, and the parts are removed.

Shapes: N clips.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.sources.folders import look_into, not_read
from models.system.atomic import write_json, write_text
from models.system.words import count
from training.data.readers import guess_kind, make_reader
from training.data.readers.base import Reader
from training.data.store import META
from training.data.store_parts import Gathered, PartJob, finish, gather, make_part, write_rows
from training.parallel.processes import side_by_side

STAMP, PARTS, SKIPPED = "prepare.json", "parts", "skipped.txt"
VERSION = 3  # of what the readers make of a file: raise it when that changes, and old parts are made anew
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


def prepare(
    source: str | Path,
    out: str | Path,
    *,
    kind: str | None = None,
    missing: str | Path | None = None,
    pose: str = "wheel",
    workers: int = 2,
    note: Callable[[str], None] = lambda line: None,
) -> Counts:
    """Read a source and write its clip store.

    Args:
        source: a file or a folder, searched with its folders.
        out: folder of the store; a run that was cut off goes on there.
        kind: one of training.data.readers.KINDS; None guesses from the files.
        missing: NTU's list of samples with missing skeletons, left out.
        pose: the pose model that looks at videos (app.pose.model_file.KINDS).
        workers: processes that read side by side.
        note: told everything worth reading, line by line.

    Raises:
        ValueError: the source or a setting is wrong, nothing could be read, OUT holds another store, or the disk is
            full; the message says what to do.
    """
    source, out = Path(source), Path(out)
    if workers < 1:
        raise ValueError(f"--workers must be at least 1; got {workers}")
    if out.resolve().is_relative_to(source.resolve()):
        raise ValueError(f"{out} lies in {source}: what is written there would be read as source; give another --out")
    if not source.exists():
        raise ValueError(f"{source}: there is no such file or folder")
    if file := next((place for place in (out, *out.parents) if place.exists() and not place.is_dir()), None):
        raise ValueError(f"{file} is a file: --out names a folder, which may be new")
    reader = make_reader(kind or guess_kind(source), None if missing is None else Path(missing), pose)
    files = reader.files(source)
    if not files:
        raise ValueError(f"{source} holds no {reader.wanted}; give another folder or another --kind")
    for line in _left_out(reader, files, source):
        note(line)
    try:
        return _prepare(reader, files, source, out, workers, note)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ValueError(f"the disk of {out} is full: free some space and run again, it goes on") from error


def _prepare(
    reader: Reader, files: list[Path], source: Path, out: Path, workers: int, note: Callable[[str], None]
) -> Counts:
    stamp, before = _stamp(reader, files, source), _read_stamp(out)
    same = {name: before.get(name) for name in stamp} == stamp
    if (out / META).exists():
        if not same or "counts" not in before:
            raise ValueError(f"{out} holds a store of another source; give another --out or delete it")
        note(f"{out} is finished already")
        return _counts(before["counts"])
    if not same and (out / PARTS).exists():
        note(f"{out}: the parts there are of other files or settings; starting anew")
        shutil.rmtree(out / PARTS)
    (out / PARTS).mkdir(parents=True, exist_ok=True)
    write_json(out / STAMP, stamp)
    jobs = _jobs(reader, files, source, out / PARTS)
    _make_parts(jobs, workers)
    found = gather([job.path for job in jobs])
    if not len(found.people_N):
        raise ValueError(f"{source}: not one clip could be read; {_first(found.skipped)}")
    splits = reader.splits(found.columns, source)
    sizes = {name: (int((part == 1).sum()), int((part == 0).sum())) for name, part in splits.items()}
    pairs, labels = int((found.people_N == 2).sum()), len(reader.labels(found.columns))
    counts = Counts(reader.kind, len(found.people_N), pairs, labels, sizes, len(found.skipped))
    write_rows(out, [job.path for job in jobs], int(found.people_N.sum()))
    _write_skipped(out / SKIPPED, found.skipped)
    write_json(out / STAMP, stamp | {"counts": asdict(counts)})
    finish(out, reader, found, splits)
    shutil.rmtree(out / PARTS)
    for line in _lines(counts, found, reader, out):
        note(line)
    return counts


def _left_out(reader: Reader, files: list[Path], source: Path) -> list[str]:
    """Return lines about what lies in a folder and is not read."""
    if not source.is_dir():
        return []
    inside, taken = look_into(source), set(files)
    others = [path for path in inside.files if path not in taken and reader.names_left_out]
    return not_read(others, f"none of the {reader.wanted}", inside)


def _write_skipped(path: Path, skipped: tuple[str, ...]) -> None:
    path.unlink(missing_ok=True)
    if skipped:
        write_text(path, "".join(f"{line}\n" for line in skipped))


def _jobs(reader: Reader, files: list[Path], source: Path, folder: Path) -> list[PartJob]:
    size = reader.files_a_part
    starts = range(0, len(files), size)
    return [PartJob(i, reader, source, tuple(files[a : a + size]), folder) for i, a in enumerate(starts)]


def _make_parts(jobs: list[PartJob], workers: int) -> None:
    from tqdm import tqdm

    left = [job for job in jobs if not job.path.exists()]
    total = sum(len(job.files) for job in jobs)
    done = total - sum(len(job.files) for job in left)
    with tqdm(total=total, initial=done, unit="file", desc="reading") as bar:
        for count in side_by_side(make_part, left, workers):
            bar.update(count)


def _stamp(reader: Reader, files: list[Path], source: Path) -> dict[str, object]:
    """Return a stamp that tells this list of files and these settings from any other."""
    digest = hashlib.sha256(f"{VERSION} {reader.settings(source)}".encode())
    for path in files:
        state = path.stat()
        digest.update(f"\n{path.relative_to(source).as_posix()} {state.st_size} {state.st_mtime_ns}".encode())
    return {"kind": reader.kind, "files": len(files), "listing": digest.hexdigest()}


def _read_stamp(out: Path) -> dict[str, Any]:
    try:
        return json.loads((out / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _counts(values: dict[str, Any]) -> Counts:
    return Counts(**(values | {"splits": {name: tuple(pair) for name, pair in values["splits"].items()}}))


def _first(skipped: tuple[str, ...]) -> str:
    more = f" (and {len(skipped) - 1} more)" if len(skipped) > 1 else ""
    return f"the first: {skipped[0]}{more}" if skipped else "its files hold no clips"


def _lines(counts: Counts, found: Gathered, reader: Reader, out: Path) -> Iterator[str]:
    """Yield the lines that the user should read at the end."""
    expected = reader.expected(found.columns)
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
        yield "no split: actors and cameras of the clips do not tell who should train and who should test"
