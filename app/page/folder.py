"""The folder of one run of the page, where uploads lie: removed at the end, or by a later run after a crash."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from models.system.lock import InUseError, hold

PREFIX = "ikem-live-"
_LOCK = "in-use.lock"
_OLD_S = 24 * 3600.0  # a folder without a lock is of an older version, or of a run that begins just now


@contextmanager
def run_folder() -> Iterator[Path]:
    """Make this run's folder for files, sweep those of runs that crashed, and remove it at the end."""
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as name:
        lock, files = hold(Path(name) / _LOCK, "this folder is new"), Path(name) / "files"
        files.mkdir()
        try:
            if _is_held(Path(name)):  # else locks hold nothing in this file system, and tell nothing
                sweep(Path(name).parent)
            yield files
        finally:
            lock.close()


def sweep(parent: Path) -> int:
    """Remove the folders that crashed runs of this user left, and return how many."""
    found = [path for path in parent.glob(f"{PREFIX}*") if path.is_dir() and not path.is_symlink()]
    return sum(_remove(path) for path in found if _is_mine(path))


def _is_mine(path: Path) -> bool:
    try:
        return not hasattr(os, "getuid") or path.stat().st_uid == os.getuid()
    except OSError:
        return False


def _is_held(path: Path) -> bool:
    try:
        hold(path / _LOCK, "a run goes on there").close()
        return False
    except InUseError:
        return True


def _remove(path: Path) -> bool:
    with suppress(OSError):
        if (path / _LOCK).is_file():
            dead = not _is_held(path)
        else:
            dead = time.time() - path.stat().st_mtime > _OLD_S
        if dead:
            shutil.rmtree(path, ignore_errors=True)
            return True
    return False
