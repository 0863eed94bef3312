"""Why a file that cannot be read as a video cannot be read, as far as its bytes tell."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from app.sources.kinds import PLAYLIST, PLAYLIST_REMEDY, first_bytes, other_kind, playlist_of

_MOST_BOXES = 100_000
_CUT = "it is cut short, and its index is not whole; copy or download the whole file again"


def why_unreadable(path: Path) -> str:
    """Return why no video could be read from a file, as the end of a sentence that begins with the file's name."""
    kind, named = other_kind(path), playlist_of(path.name)
    if kind.startswith(PLAYLIST) or named:
        kind = kind or f"{PLAYLIST} ({named})"
        return f"not a readable video: {kind}, which only names other files; {PLAYLIST_REMEDY}"
    if kind:
        return f"not a readable video: it is {kind}"
    if is_cut_short(path):
        return f"not a readable video: {_CUT}"
    return "not a readable video (damaged, cut short, or of another kind)"


def is_cut_short(path: Path) -> bool:
    """Return whether an MP4 or QuickTime file ends before its index, or within it.

    Such a file is a row of boxes, each with its length; the index is the one called "moov".
    """
    if first_bytes(path)[4:8] not in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return False
    size, at, index = os.path.getsize(path), 0, False
    with open(path, "rb") as file:
        for _ in range(_MOST_BOXES):
            file.seek(at)
            head = file.read(16)
            if len(head) < 8:
                return not index
            length, kind = struct.unpack(">I4s", head[:8])
            index |= kind == b"moov"
            if length == 1 and len(head) == 16:
                (length,) = struct.unpack(">Q", head[8:])
            at += length
            if length < 8 or at > size:  # 0: up to the end of the file
                return not index or kind == b"moov"
    return False
