"""Files that appear whole or not at all, and what to say when they cannot be written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


class OutputError(Exception):
    """The results cannot be written; the message is one sentence for the user."""


class WholeFile:
    """A text file that appears under its name only when complete.

    Raises:
        OutputError: the folder cannot be written, or the disk is full (also from write and commit).
    """

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_name(f".{path.name}.{os.getpid()}.part")
        with self._told():
            self._file: IO[str] = open(self._part, "w", encoding="utf-8", errors="backslashreplace", newline="")  # noqa: SIM115

    def write(self, text: str) -> None:
        """Add text."""
        with self._told():
            self._file.write(text)

    def flush(self) -> None:
        """Hand everything to the disk now, which may be full."""
        with self._told():
            self._file.flush()

    def commit(self) -> None:
        """Give the file its name, in place of an older one."""
        with self._told():
            self._file.close()
            os.replace(self._part, self._path)

    def discard(self) -> None:
        """Leave nothing behind; harmless after commit."""
        with suppress(OSError):  # a full disk may refuse the last flush
            self._file.close()
        with suppress(OSError):
            self._part.unlink()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(f"cannot write {self._path}: {reason}; free some space or choose another --out") from None


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a neighbouring file, then move it to `path`: the file appears whole or not at all."""
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror or error}; choose another place") from None
    os.close(handle)
    part = Path(name)
    try:
        write(part)
        part.chmod(0o644)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
