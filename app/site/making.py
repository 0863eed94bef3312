"""Making of a folder of the cache, with an error that says what to do where the disk does not let it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def making(folder: Path, refusal: type[ValueError]) -> Iterator[Path]:
    """Yield an empty folder on the same disk, in which to make what shall become `folder`.

    Args:
        folder: of the cache; those above it are made.
        refusal: what is raised.

    Raises:
        ValueError: of the kind `refusal`: the disk is full, or the folder is not the user's.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{folder.name}-") as work:
            yield Path(work)
    except OSError as error:
        raise refusal(
            f"cannot write {folder} ({error.strerror}); free some space, or set IKEM_LIVE_CACHE to a folder you own"
        ) from None
