"""Pictures that no camera makes: too long, too many pixels, false claims, other kinds of JPEG, damage, other files."""

from __future__ import annotations

import io
import weakref

import numpy as np

from tests.app.page.hostile.target import Target, Visitor
from tests.app.page.pictures import claiming, jpeg, repeated_scans

_visitors: weakref.WeakKeyDictionary[Target, Visitor] = weakref.WeakKeyDictionary()
_SIDES = [1, 2, 3, 7, 8, 16, 100, 253, 640, 1080, 1920, 4096, 8191, 8192, 8193, 32766, 32767, 32768, 65500]


def try_one(target: Target, random: np.random.Generator) -> int:
    """Post a picture that is none of a camera; return the status."""
    if target not in _visitors:
        _visitors[target] = Visitor(target)
    makes = (_long, _claim, _kind, _damaged, _other, _padded)
    return target.post_picture(_visitors[target].key, makes[random.integers(len(makes))](random))


def _size(random: np.random.Generator, most: int = 1 << 24) -> tuple[int, int]:
    while True:
        width, height = (int(side) for side in random.choice(_SIDES, 2))
        if width * height <= most:
            return width, height


def _long(random: np.random.Generator) -> bytes:
    return jpeg(_size(random), str(random.choice(["L", "RGB"])))


def _claim(random: np.random.Generator) -> bytes:
    return claiming((int(random.choice([0, 1, 8193, 13000, 30000, 65535])), int(random.choice([0, 1, 30000, 65535]))))


def _kind(random: np.random.Generator) -> bytes:
    whole = jpeg(_size(random, 1 << 20), str(random.choice(["L", "RGB", "CMYK"])), progressive=bool(random.integers(2)))
    if random.integers(2):
        return repeated_scans(whole, int(random.choice([1, 100, 10_000])))
    return whole.replace(b"\xff\xc0", bytes([0xFF, random.choice([0xC1, 0xC3, 0xC5, 0xC9, 0xCB, 0xCF])]), 1)


def _damaged(random: np.random.Generator) -> bytes:
    whole = bytearray(jpeg((320, 240), colour=tuple(int(c) for c in random.integers(256, size=3))))
    for place in random.integers(0, len(whole), random.integers(1, 30)):
        whole[place] = random.integers(256)
    return bytes(whole[: random.integers(len(whole) + 1)] if random.integers(2) else whole)


def _other(random: np.random.Generator) -> bytes:
    from PIL import Image

    file, kind = io.BytesIO(), str(random.choice(["PNG", "GIF", "BMP", "WEBP", "TIFF", "junk"]))
    if kind == "junk":
        return random.bytes(int(random.integers(5000)))
    Image.new("RGB", (64, 48)).save(file, kind)
    return file.getvalue()


def _padded(random: np.random.Generator) -> bytes:
    whole, more = jpeg((64, 48)), int(random.choice([10, 10**5, 2 * 10**6]))
    segments = [b"\xff\xfe\x00\x02", b"\xff\xe1\x00\x08Exif\0\0", b"\xff\xdd\x00\x04\x00\x01", b"\xff", b"\xff\xd0"]
    return whole[:2] + segments[random.integers(len(segments))] * (more // 8) + whole[2:]
