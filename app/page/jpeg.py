"""The camera pictures that the page sends: baseline JPEG, whose header is checked before anything is decoded."""

from __future__ import annotations

import struct

import numpy as np

MOST_BYTES = 1_000_000  # of one picture; one of 640 x 480 has some 40 kB
MOST_PIXELS = 1920 * 1080
MOST_SIDE = 8192  # the pose source scales what is longer than it needs
MOST_SEGMENTS = 64  # before the first scan; a browser writes about ten
_BASELINE, _SCAN = 0xC0, 0xDA
# What may stand before the first scan: the frame of a baseline JPEG, tables, the restart interval, remarks.
_KINDS = frozenset([_BASELINE, 0xC4, 0xDB, 0xDD, _SCAN, *range(0xE0, 0xF0), 0xFE])
_FRAME = struct.Struct(">BHHB")  # bits, height, width, components


def read_frame(jpeg: bytes) -> np.ndarray | None:
    """Decode a camera picture.

    Args:
        jpeg: a whole baseline JPEG of at most MOST_BYTES and MOST_PIXELS, each side at most MOST_SIDE.

    Returns:
        (height, width, 3) uint8 RGB, or None if it is no such picture.
    """
    import cv2

    if len(jpeg) > MOST_BYTES or picture_size(jpeg) is None:
        return None
    try:
        return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None


def picture_size(jpeg: bytes) -> tuple[int, int] | None:
    """Return (width, height) as the header of a JPEG claims, or None if the picture is not to be decoded.

    Only what a browser makes of a camera is decoded: a baseline JPEG that is whole, with no more scans than components.
    A progressive one of some kilobytes can take minutes, since each scan of 20 bytes goes over the whole picture.
    Source: ITU-T T.81, annex B.
    """
    place = 2 if jpeg[:2] == b"\xff\xd8" else len(jpeg)
    height = width = components = 0
    for _ in range(MOST_SEGMENTS):
        head, content = jpeg[place : place + 4], place + 4
        place += 2 + int.from_bytes(head[2:])
        if not content <= place <= len(jpeg) or head[0] != 0xFF or head[1] not in _KINDS:
            return None
        if head[1] == _SCAN:
            # After the header of a scan, a zero follows each 0xFF that is no marker.
            whole = b"\xff\xd9" in jpeg[place:] and jpeg.count(b"\xff\xda", place) < components
            return (width, height) if whole else None
        if head[1] == _BASELINE:
            if components or place - content < _FRAME.size:
                return None
            _, height, width, components = _FRAME.unpack_from(jpeg, content)
            if components not in (1, 3) or not _is_of_camera(width, height):
                return None
    return None


def _is_of_camera(width: int, height: int) -> bool:
    return min(width, height) > 0 and max(width, height) <= MOST_SIDE and width * height <= MOST_PIXELS
