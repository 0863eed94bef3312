"""Atomic files: they appear complete or not at all, and outlive a power failure.

The content goes into a part beside the file. The part is flushed to the disk and takes the file's name, and the folder
is flushed as well: a power failure leaves the old file or the new one, never an empty one. If a file cannot be written,
an error says what to do.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_READABLE = 0o644  # a server of models is often another user, and some libraries make what they write private


class OutputError(Exception):
    """The reason why results cannot be written, as one sentence for the user."""


class WholeFile:
    """A text file that appears under its name only when complete: at `commit`, or at the end of a `with`.

    Args:
        path: the file.
        staged: whether `move_into_place` will move the file later, and flush it to the disk then.

    Raises:
        OutputError: the folder cannot be written, or the disk is full (also from write and commit).
    """

    def __init__(self, path: Path, staged: bool = False) -> None:
        self._path, self._staged = path if staged else behind_links(path), staged
        with self._told():
            self._part = _new_part(self._path)
            self._file: IO[str] = open(self._part, "w", encoding="utf-8", errors="backslashreplace", newline="")  # noqa: SIM115

    def write(self, text: str) -> None:
        """Add text."""
        with self._told():
            self._file.write(text)

    def commit(self) -> None:
        """Give the file its name, replacing an older file."""
        with self._told():
            self._file.close()
            if self._staged:
                os.replace(self._part, self._path)
            else:
                move_into_place({self._part: self._path})

    def discard(self) -> None:
        """Remove the part; after `commit` this does nothing."""
        with suppress(OSError):  # a full disk may refuse the last flush
            self._file.close()
        with suppress(OSError):
            self._part.unlink()

    def __enter__(self) -> WholeFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            self.discard()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(f"cannot write {self._path}: {reason}; free some space or choose another --out") from None


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield an empty file beside `path` to fill.

    It takes the name at the end of the `with`, or is removed if that fails.

    Raises:
        OSError: it cannot be made or moved.
    """
    path = behind_links(path)
    part = _new_part(path)
    try:
        yield part
        move_into_place({part: path})
    finally:
        part.unlink(missing_ok=True)


def move_into_place(parts: Mapping[Path, Path]) -> None:
    """Give complete files their names, replacing older files, so that they outlive a power failure.

    Args:
        parts: file -> the path that it gets, on the same disk.

    Raises:
        OSError: a file cannot be flushed to the disk or moved; those before it stay moved.
    """
    for part in parts:
        hand_over(part)
    for part, path in parts.items():
        os.replace(part, path)
    for folder in {path.parent for path in parts.values()}:
        _sync_folder(folder)


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a neighbouring file, then move it to `path`; missing folders are made.

    Raises:
        ValueError: `path` is a folder, or nothing can be written there.
        OSError: `write` failed, or the disk is full.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it")
    try:
        place = behind_links(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        part = _new_part(place)
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror or error}; choose another place") from None
    try:
        write(part)
        part.chmod(_READABLE)
        move_into_place({part: place})
    finally:
        part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text as `write_whole` does, and with its errors."""
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))


def write_json(path: Path, values: object, indent: int = 2) -> None:
    """Write values as a JSON file, as `write_whole` does, and with its errors."""
    write_text(path, json.dumps(values, indent=indent) + "\n")


def check_writable(folder: Path, option: str) -> None:
    """Check, before the minutes of some work, that its result can be written; a missing folder is made.

    Raises:
        ValueError: it cannot; the message names the option that says where.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ValueError(
            f"{folder} cannot be written to ({error.strerror or error}): name another place with {option}"
        ) from error


def write_together(files: Mapping[Path, bytes]) -> None:
    """Write files so that all of them appear complete, or none does.

    Raises:
        ValueError: one of them cannot be written.
    """
    parts: dict[Path, Path] = {}
    try:
        for path, data in files.items():
            path = behind_links(path)
            part = _new_part(path)
            parts[part] = path
            part.write_bytes(data)
            part.chmod(_READABLE)
        move_into_place(parts)
    except OSError as error:
        for part, path in parts.items():
            if not part.exists():  # moved already
                path.unlink(missing_ok=True)
        names = " and ".join(map(str, files))
        raise ValueError(
            f"{names} cannot be written ({error.strerror or error}): make room, or name another place"
        ) from error
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def hand_over(path: Path) -> None:
    """Hand a file to the disk that already has its name, before another file says that it is whole."""
    with open(path, "rb+") as file:  # Windows hands over only what may be written
        os.fsync(file.fileno())


def behind_links(path: Path) -> Path:
    """Return the file that a link leads to, which is then replaced instead of the link; any other path as it is.

    Raises:
        OSError: links lead in a circle.
    """
    if not path.is_symlink():
        return path
    place = Path(os.path.realpath(path))
    if place.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return place


def _new_part(path: Path) -> Path:
    """Make an empty file beside `path` that no other process uses, with the mode that the user's umask gives."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    part.touch(exist_ok=False)
    return part


def _sync_folder(folder: Path) -> None:
    """Flush a folder's names to the disk where the system can: Windows opens no folders, and some shares flush none."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
