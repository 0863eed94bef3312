"""One run at a time in a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from models.system.atomic import OutputError

_LOCK = ".classify-lock"


def _locked(folder: Path) -> IO[str] | None:
    """A lock that ends with this process, however it ends; None where the system has none of this kind."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        lock = open(folder / _LOCK, "w")  # noqa: SIM115
    except OSError as error:
        raise OutputError(f"cannot write in {folder}: {error.strerror}; choose another --out") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise OutputError(
            f"another run writes its results into {folder}; wait for it, or choose another --out"
        ) from None
    except OSError:  # a file system without locks
        pass
    os.set_inheritable(lock.fileno(), False)
    return lock


@contextlib.contextmanager
def alone(folder: Path, refusal: str) -> Iterator[int | None]:
    """One run at a time in a folder; yields the open lock, None where the system has no such locks.

    Raises:
        ValueError: another run holds the lock; `refusal` is the message.
    """
    try:
        import fcntl
    except ImportError:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ValueError(refusal) from None
        yield file.fileno()
