"""Pictures as a camera makes them, and as it never does."""

from __future__ import annotations

import io
import struct


def jpeg(size: tuple[int, int], mode: str = "RGB", colour: object = None, **options: object) -> bytes:
    """A JPEG of one colour; the options are those of Pillow."""
    from PIL import Image

    file = io.BytesIO()
    Image.new(mode, size, 90 if mode == "L" else colour or 0).save(file, "JPEG", **options)
    return file.getvalue()


def claiming(size: tuple[int, int]) -> bytes:
    """A JPEG of 16 x 16 pixels whose header claims another size."""
    whole = jpeg((16, 16))
    place = whole.index(b"\xff\xc0") + 5
    return whole[:place] + struct.pack(">HH", size[1], size[0]) + whole[place + 4 :]


def repeated_scans(whole: bytes, times: int) -> bytes:
    """The JPEG with its last scan repeated so many times."""
    start, end = whole.rindex(b"\xff\xda"), whole.rindex(b"\xff\xd9")
    return whole[:end] + times * whole[start:end] + whole[end:]
