"""Conversion of recorded skeletons or videos to one clip store: in parts, in parallel, resumable.

OUT/parts holds what is done; OUT/prepare.json says of which files and settings. A killed run goes on; another list
of files starts anew. store.json is written last, and the parts are removed. Where a list of missing skeletons is given
later, its clips leave the finished store.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.sources.folders import look_into, not_read
from models.system.atomic import write_json, write_text
from models.system.words import count
from training.data.left_out import leave_out
from training.data.prepared import SKIPPED, Counts, lines
from training.data.readers import guess_kind, make_reader
from training.data.readers.base import Reader
from training.data.store import META
from training.data.store_parts import Gathered, PartJob, finish, gather, make_part, write_rows
from training.parallel.processes import side_by_side

STAMP, PARTS = "prepare.json", "parts"
VERSION = 3  # of what the readers make of a file: raise it when that changes, and old parts are made anew


def prepare(
    source: str | Path,
    out: str | Path,
    *,
    kind: str | None = None,
    missing: str | Path | None = None,
    pose: str = "wheel",
    workers: int = 2,
    note: Callable[[str], None] = lambda line: None,
    choose: Callable[[list[Path]], list[Path]] = list,
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
        choose: takes the files that are there and returns those to read.

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
    files = choose(reader.files(source))
    if not files:
        if (without_list := reader.told_less(())) and without_list.files(source):
            raise ValueError(f"the list of missing skeletons names every file of {source}; give another list")
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
    if (out / META).exists():
        return _take_finished(reader, source, out, stamp, before, note)
    if not _same(stamp, before) and (out / PARTS).exists():
        note(f"{out}: the parts there are of other files or settings; starting anew")
        shutil.rmtree(out / PARTS)
    (out / PARTS).mkdir(parents=True, exist_ok=True)
    write_json(out / STAMP, stamp)
    jobs = _jobs(reader, files, source, out / PARTS)
    _make_parts(jobs, workers)
    found = gather([job.path for job in jobs])
    if not len(found.people_N):
        raise ValueError(f"{source}: not one clip could be read; {_first(found.skipped)}")
    write_rows(out, [job.path for job in jobs], int(found.people_N.sum()))
    counts = _finish(reader, found, source, out, stamp, note)
    shutil.rmtree(out / PARTS)
    return counts


def _finish(
    reader: Reader, found: Gathered, source: Path, out: Path, stamp: dict[str, object], note: Callable[[str], None]
) -> Counts:
    """Write all but the rows, and tell what there is."""
    splits = reader.splits(found.columns, source)
    counts = Counts.of(reader, found, splits)
    _write_skipped(out / SKIPPED, found.skipped)
    write_json(out / STAMP, stamp | {"counts": asdict(counts), "missing": sorted(reader.missing)})
    finish(out, reader, found, splits)
    for line in lines(counts, found, reader, out):
        note(line)
    return counts


def _take_finished(
    reader: Reader, source: Path, out: Path, stamp: dict[str, object], before: dict[str, Any],
    note: Callable[[str], None],
) -> Counts:  # fmt: skip
    """Take a finished store as it is, or without the clips that a list of missing skeletons names since."""
    if "counts" in before and _same(stamp, before):
        note(f"{out} is finished already")
        return Counts.read(before["counts"])
    earlier = reader.told_less(before.get("missing", ()))
    if "counts" not in before or earlier is None or not _same(_stamp(earlier, earlier.files(source), source), before):
        raise ValueError(f"{out} holds a store of another source; give another --out or delete it")
    skipped = out / SKIPPED
    found = leave_out(out, reader.missing, tuple(skipped.read_text().splitlines()) if skipped.exists() else ())
    gone = Counts.read(before["counts"]).clips - len(found.people_N)
    note(f"{count(gone, 'clip')} of the list left out of the store; the others were not read again")
    return _finish(reader, found, source, out, stamp, note)


def _same(stamp: dict[str, object], before: dict[str, Any]) -> bool:
    """Return whether a store or its parts were made of the same files and settings."""
    return {name: before.get(name) for name in stamp} == stamp


def _left_out(reader: Reader, files: list[Path], source: Path) -> list[str]:
    """Return lines about what lies in a folder and is not read."""
    if not source.is_dir():
        return []
    without_list = reader.told_less(())
    inside, taken = look_into(source), set(files if without_list is None else without_list.files(source))
    listed = len(taken) - len(files)
    others = [path for path in inside.files if path not in taken and reader.names_left_out]
    told = [f"{count(listed, 'file')} left out, as the list of missing skeletons says"] * bool(listed)
    return told + not_read(others, f"none of the {reader.wanted}", inside)


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


def _first(skipped: tuple[str, ...]) -> str:
    more = f" (and {len(skipped) - 1} more)" if len(skipped) > 1 else ""
    return f"the first: {skipped[0]}{more}" if skipped else "its files hold no clips"
