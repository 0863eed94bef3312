"""The file format of recorded landmarks without pictures (.ikem).

A recording is written while it is made. After a crash it can be read up to where it was cut off.

A file is MAGIC and pieces: kind (1 byte), length (4), CRC-32 (4), content. H: the header, JSON. P: some seconds of
poses (app.landmarks.codec). E: the end, with the number of frames and the last one's time; without it, the recording
was cut off. Byte order is little-endian throughout.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

from app.types import Pose

RECORD_SUFFIX = ".ikem"
MAGIC, VERSION = b"IKEMPOSE", 1
MOST_HEADER = 1 << 14  # bytes
LATEST_S = 1e12  # microseconds must fit into 64 bits
PIECE, END = struct.Struct("<cII"), struct.Struct("<Qd")
KINDS = (b"P", b"E")
UNFOLLOWED = 1000  # numbers from here on are of people whom nobody follows


def is_recording(path: str | Path) -> bool:
    """Return whether a path has the suffix of a recording of landmarks; only the reader knows whether it is one."""
    return Path(path).suffix.lower() == RECORD_SUFFIX


def piece(kind: bytes, content: bytes) -> bytes:
    """Return a piece of the file, ready to be written."""
    return PIECE.pack(kind, len(content), zlib.crc32(content)) + content


def checked_settings(settings: Mapping[str, str | float]) -> dict[str, str | float]:
    """Return the settings of a header, after a check.

    Raises:
        ValueError: they are not a mapping from names to texts and numbers.
    """
    plain = isinstance(settings, Mapping) and all(
        isinstance(name, str) and isinstance(value, str | int | float) for name, value in settings.items()
    )
    if not plain:
        raise ValueError("the settings of a recording are names with a text or a number each")
    return dict(settings)


def is_finite(pose: Pose) -> bool:
    """Return whether all numbers of a pose are finite."""
    return all(bool(math.isfinite(part.sum())) for part in (pose.world_V3, pose.image_V3, pose.visibility_V))
