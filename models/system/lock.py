"""The lock that keeps a folder to one run at a time."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from filelock import lock_descriptor

# What a file system says that has no locks, or a network share whose server gives none (Windows: EINVAL)
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
_PASSES_FILES_ON = os.name == "posix"  # subprocess.Popen's pass_fds


class InUseError(ValueError):
    """The error of a lock that another run holds, with the caller's message."""


def hold(path: Path, refusal: str) -> IO[bytes]:
    """Take the lock of a file, made if missing.

    The lock lasts until the returned file is closed or this process ends, however it ends.

    Processes started meanwhile do not hold it, except those that get the open file by `pass_fds`. If the file system
    has no locks, nobody is kept out.

    Raises:
        InUseError: another process holds it; `refusal` is the message.
        OSError: the file cannot be made or locked.
    """
    file = open(path, "ab")  # noqa: SIM115 - closing it is what ends the lock
    try:
        if _lock(file):
            return file
        raise InUseError(refusal)
    except BaseException:
        file.close()
        raise


def _lock(file: IO[bytes]) -> bool:
    """Lock the file, and return False if another process holds the lock.

    This locks the open file instead of using filelock.FileLock. That one unlocks the file when it is released, also for
    processes to which it was passed; closing the file leaves theirs.
    """
    try:
        return lock_descriptor(file.fileno(), blocking=False)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return True
        raise


@contextmanager
def alone(folder: Path, refusal: str) -> Iterator[int | None]:
    """Keep a folder, made if missing, to one run at a time.

    Yields:
        The open lock. A process that gets it by `pass_fds` keeps the lock even if this one is killed. It is None where
        files cannot be passed on (Windows).

    Raises:
        InUseError: another run holds the lock; `refusal` is the message.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder / "lock", refusal) as file:
        yield file.fileno() if _PASSES_FILES_ON else None
