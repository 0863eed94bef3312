"""Camera pictures: baseline JPEG of a camera's size is decoded, and nothing else is even tried."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from app.page import jpeg as module
from app.page.jpeg import MOST_BYTES, MOST_SEGMENTS, picture_size, read_frame
from tests.app.page.pictures import claiming, jpeg, repeated_scans


@pytest.mark.parametrize("size", [(640, 480), (1920, 1080), (1080, 1920), (1, 1), (8192, 253), (640, 1)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_what_a_camera_makes(size, mode):
    picture = jpeg(size, mode)
    assert picture_size(picture) == size
    assert read_frame(picture).shape == (size[1], size[0], 3)


def test_colours_and_no_turning():
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees: a canvas has done so already
    rgb_HWC = read_frame(jpeg((40, 20), colour=(200, 30, 10), exif=exif))
    assert rgb_HWC.shape == (20, 40, 3) and np.abs(rgb_HWC.mean((0, 1)) - (200, 30, 10)).max() < 4


def test_options_of_a_baseline_jpeg():
    for options in ({"subsampling": 0}, {"optimize": True}, {"restart_marker_rows": 1}, {"comment": b"x" * 60000}):
        assert picture_size(jpeg((64, 48), **options)) == (64, 48), options


@pytest.mark.parametrize(
    "size", [(8193, 8), (8, 8193), (32768, 8), (1, 32768), (65500, 1), (1921, 1080), (3840, 2160), (8192, 8192)]
)
def test_too_long_or_too_many_pixels(size):
    assert read_frame(jpeg(size, "L")) is None


@pytest.mark.parametrize("size", [(30000, 30000), (65535, 65535), (13000, 13000), (0, 0), (0, 480), (640, 0)])
def test_claims_are_refused_without_a_word(size, capfd, recwarn):
    assert read_frame(claiming(size)) is None
    assert not recwarn.list and capfd.readouterr() == ("", "")


def test_other_kinds_of_jpeg(monkeypatch):
    monkeypatch.setattr("cv2.imdecode", lambda *_: pytest.fail("it was decoded"))
    baseline = jpeg((64, 48))
    progressive = jpeg((64, 48), progressive=True)
    others = [baseline.replace(b"\xff\xc0", bytes([0xFF, kind]), 1) for kind in (0xC1, 0xC2, 0xC3, 0xC9, 0xCF)]
    for picture in (progressive, repeated_scans(progressive, 1000), jpeg((64, 48), "CMYK"), *others):
        assert read_frame(picture) is None


def test_no_more_scans_than_components():
    baseline = jpeg((64, 48))
    assert picture_size(repeated_scans(baseline, 2)) == (64, 48)
    assert picture_size(repeated_scans(baseline, 3)) is None
    assert picture_size(repeated_scans(jpeg((64, 48), "L"), 1)) is None


def test_a_second_header():
    baseline = jpeg((64, 48))
    start = baseline.index(b"\xff\xc0")
    header = baseline[start : start + 19]
    assert picture_size(baseline[:start] + header + baseline[start:]) is None


def test_what_is_no_jpeg():
    from PIL import Image

    png = io.BytesIO()
    Image.new("RGB", (8, 8)).save(png, "PNG")
    whole = jpeg((64, 48))
    for picture in (b"", b"\xff", b"\xff\xd8", b"junk" * 100, png.getvalue(), b"\xff" * 9999, b"\xff\xd8" + bytes(999)):
        assert read_frame(picture) is None
    for end in range(len(whole) - 1):
        assert picture_size(whole[:end]) is None, "a part of it"


def test_bounds_of_bytes_and_segments(monkeypatch):
    whole = jpeg((64, 48))
    assert picture_size(whole[:2] + (MOST_SEGMENTS + 1) * b"\xff\xfe\x00\x02" + whole[2:]) is None
    assert picture_size(whole[:2] + 40 * b"\xff\xfe\x00\x02" + whole[2:]) == (64, 48)
    assert read_frame(whole + bytes(MOST_BYTES)) is None
    monkeypatch.setattr(module, "picture_size", lambda _: (64, 48))
    assert read_frame(b"junk" * 100) is None, "what the decoder itself does not take"


def test_a_thousand_damaged_pictures_are_a_picture_or_none():
    random, whole = np.random.default_rng(5), jpeg((64, 48))
    for _ in range(1000):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), random.integers(1, 6)):
            damaged[place] = random.integers(256)
        rgb_HWC = read_frame(bytes(damaged))
        assert rgb_HWC is None or (rgb_HWC.ndim == 3 and rgb_HWC.size <= 3 * 1920 * 1080)


def test_a_length_that_leads_beyond_the_end():
    assert picture_size(b"\xff\xd8\xff\xe0" + struct.pack(">H", 65535) + bytes(100)) is None
    assert picture_size(b"\xff\xd8\xff\xe0\x00\x00" + bytes(100)) is None, "shorter than itself"
