"""One run at a time in a folder."""

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
    """Another run holds the lock; the message is the caller's."""


def hold(path: Path, refusal: str) -> IO[bytes]:
    """Take the lock of a file, made if missing, until the result is closed or this process ends, however it ends.

    Processes that are started meanwhile do not hold it, but for those that get the open file by `pass_fds`. Where the
    file system has no locks, nobody is kept out.

    Raises:
        InUseError: another holds it; `refusal` is the message.
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
    """False where another holds the lock.

    By the open file and not by filelock.FileLock: that unlocks the file when it is released, for the processes that it
    was passed on to as well; closing leaves theirs.
    """
    try:
        return lock_descriptor(file.fileno(), blocking=False)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return True
        raise


@contextmanager
def alone(folder: Path, refusal: str) -> Iterator[int | None]:
    """One run at a time in a folder; it is made if missing.

    Yields:
        The open lock. A process that gets it by `pass_fds` keeps the lock when this one is killed. None where files
        cannot be passed on (Windows).

    Raises:
        InUseError: another run holds the lock; `refusal` is the message.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with hold(folder / "lock", refusal) as file:
        yield file.fileno() if _PASSES_FILES_ON else None
