"""The recordings that visitors upload: where they lie, how much they may take, and when they go."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from app.page.upload_progress import Progresses
from app.page.visits import Owner, RefusedError

MEGABYTE = 1 << 20
MOST_BYTES = 200 * MEGABYTE  # of one recording
KEPT = 2  # of one visitor: the one that plays, and the next; an older one goes
MOST_OF_ADDRESS = 1000 * MEGABYTE
MOST_OF_ALL = 4000 * MEGABYTE
LEFT_FREE = 500 * MEGABYTE  # of the disk
MOST_AGE_S = 3600.0
PLACE = "ikem-upload"  # begins the name by which the page knows a recording; where it lies is nobody's business
_NAME_BYTES, _SUFFIX_BYTES = 120, 16  # a file system takes some 255 of a name
_FULL = "There is no room for another recording at the moment: try again in some minutes."


@dataclass(slots=True)
class Upload:
    """A recording of one visitor.

    Attributes:
        id: what the page calls it: PLACE/token/name.
        path: the file.
        owner: who uploaded it.
        size: its bytes so far, or as many as were announced.
        visitor: the session that shows it, "" before one does.
        whole: whether all of it is here.
    """

    id: str
    path: Path
    owner: Owner
    size: int
    visitor: str = ""
    whole: bool = False
    since: float = field(default_factory=time.monotonic)


class Uploads:
    """The recordings of all visitors. Its methods may be called from several threads.

    Args:
        folder: where they lie.
        free: returns the free bytes of the disk.

    Attributes:
        progress: how far those are that are being uploaded.
    """

    def __init__(self, folder: Path, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free) -> None:
        self.folder, self._free = folder / PLACE, free
        self._uploads: dict[str, Upload] = {}
        self._lock = threading.Lock()
        self.progress = Progresses()

    def __len__(self) -> int:
        return len(self._uploads)

    def begin(self, name: str, announced: int, owner: Owner) -> Upload:
        """Make room for a recording and return it, with an empty file.

        Args:
            name: the file's name as the visitor has it.
            announced: its bytes, as far as the request tells: not less than there are.
            owner: who uploads it.

        Raises:
            RefusedError: there is no room.
        """
        self.sweep()
        with self._lock:
            mine = [upload for upload in self._uploads.values() if upload.owner == owner]
            for old in mine[: max(0, len(mine) - KEPT + 1)]:
                self._remove(old)
            of_address = sum(one.size for one in self._uploads.values() if one.owner.address == owner.address)
            of_all = sum(one.size for one in self._uploads.values())
            room = min(MOST_OF_ADDRESS - of_address, MOST_OF_ALL - of_all)
            self.folder.mkdir(parents=True, exist_ok=True)
            if announced > room or announced > self._free(self.folder) - LEFT_FREE:
                raise RefusedError(_FULL)
            id = f"{PLACE}/{secrets.token_urlsafe(18)}/{safe_name(name)}"
            path = self.folder.parent / id
            path.parent.mkdir()
            path.touch()
            upload = self._uploads[id] = Upload(id, path, owner, announced)
        return upload

    def done(self, upload: Upload, size: int) -> None:
        """Note that all of a recording is here."""
        upload.size, upload.whole = size, True

    def drop(self, upload: Upload) -> None:
        """Remove a recording."""
        with self._lock:
            self._remove(upload)

    def find(self, id: str, owner: Owner, visitor: str = "") -> Upload | None:
        """Return a whole recording of this owner by what the page calls it, and note which session shows it."""
        upload = self._uploads.get(id)
        if upload is None or not upload.whole or upload.owner != owner:
            return None
        if visitor:
            upload.visitor = visitor
        return upload

    def leave(self, visitor: str, owner: Owner, last: bool) -> None:
        """Remove the recordings of a session that has ended; if it was the owner's last, all of the owner's."""
        with self._lock:
            for upload in list(self._uploads.values()):
                if upload.visitor == visitor or (last and upload.owner == owner):
                    self._remove(upload)

    def sweep(self) -> None:
        """Remove what is old and no session shows."""
        old = time.monotonic() - MOST_AGE_S
        with self._lock:
            for upload in list(self._uploads.values()):
                if upload.since < old and not upload.visitor:
                    self._remove(upload)

    def _remove(self, upload: Upload) -> None:
        self._uploads.pop(upload.id, None)
        shutil.rmtree(upload.path.parent, ignore_errors=True)


def safe_name(name: str) -> str:
    """Return a file's name with nothing but letters, digits and harmless signs, its suffix kept."""
    plain = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in name.replace("\\", "/").split("/")[-1])
    stem, dot, suffix = plain.rpartition(".")
    stem, suffix = (stem, _cut(suffix, _SUFFIX_BYTES)) if dot and stem else (plain.strip("."), "")
    return f"{_cut(stem, _NAME_BYTES).lstrip('.') or 'recording'}{'.' + suffix if suffix else ''}"


def _cut(text: str, most: int) -> str:
    return text.encode("utf-8", "ignore")[:most].decode("utf-8", "ignore")
