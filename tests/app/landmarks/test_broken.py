"""Recordings that are cut, damaged, foreign or hostile: read as far as they go, or refused in one sentence."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from app.landmarks.codec import LandmarkError, pack
from app.landmarks.file_format import MAGIC
from app.landmarks.reader import LandmarkReader
from tests.app.landmarks.test_landmarks import alone, crowd, film, record


def piece(kind, content):
    return struct.pack("<cII", kind, len(content), zlib.crc32(content)) + content


HEADER = piece(b"H", b'{"version": 1, "settings": {}}')
TWO_FRAMES = pack([(1.0, ()), (2.0, ())])


def raw(frames, poses, rest=b""):
    return MAGIC + HEADER + piece(b"P", zlib.compress(struct.pack("<II", frames, poses) + rest))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no such file"),
        ("folder", "not a file"),
        (b"", "empty"),
        (b"IKEM", "not a recording of landmarks"),
        (b"\x89PNG\r\n\x1a\n" * 9, "not a recording of landmarks"),
        (MAGIC, "its header is damaged"),
        (MAGIC + HEADER[:-1], "its header is damaged"),
        (MAGIC + HEADER[:-1] + b"]", "its header is damaged"),
        (MAGIC + HEADER[:5] + b"0000" + HEADER[9:] + piece(b"P", TWO_FRAMES), "its header is damaged"),
        (MAGIC + piece(b"H", b"[]"), "its header is damaged"),
        (MAGIC + piece(b"H", b"[" * 9999), "its header is damaged"),
        (MAGIC + piece(b"H", b'{"version": 1, "settings": {"a": [1]}}'), "its header is damaged"),
        (MAGIC + piece(b"H", b" " * (1 << 15)), "its header is damaged"),
        (MAGIC + piece(b"H", b'{"version": 2, "settings": {}}'), "written by a newer program"),
        (MAGIC + HEADER, "no frame in it can be read .the recording was cut off"),
        (MAGIC + HEADER + b"P\xff\xff\xff\xff0000", "no frame in it can be read"),
        (MAGIC + HEADER + piece(b"P", b"no zlib"), "no frame in it can be read"),
        (MAGIC + HEADER + piece(b"P", zlib.compress(bytes(1 << 28))), "no frame in it can be read"),  # 256 MB of zeros
        (raw(1 << 31, 0), "no frame in it can be read"),
        (raw(1, 1 << 31), "no frame in it can be read"),
        (raw(2, 0, struct.pack("<qqBB", 5, 5, 0, 0)), "no frame in it can be read"),  # time stands still
        (raw(2, 0, struct.pack("<qqBB", 5, 6, 0, 3)), "no frame in it can be read"),  # more people than poses
        (raw(0, 0), "no frame in it can be read"),
    ],
)  # fmt: skip
def test_broken_files_are_told_in_one_sentence(tmp_path, content, says):
    path = tmp_path / "film.ikem"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(LandmarkError, match=says) as caught, LandmarkReader(path) as reader:
        list(reader)
    assert str(caught.value).startswith("film.ikem: ") and "\n" not in str(caught.value)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path, monkeypatch):
    path = record(tmp_path / "film.ikem", crowd())
    monkeypatch.setattr("app.landmarks.reader.MOST_BYTES", path.stat().st_size - 1)
    with pytest.raises(LandmarkError, match="larger than a recording may be"):
        LandmarkReader(path)


def test_a_damaged_piece_is_left_out_and_told(tmp_path):
    path = record(tmp_path / "film.ikem", alone(film()))
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 0x10
    path.write_bytes(whole)
    with LandmarkReader(path) as reader:
        times_s = [time_s for time_s, _ in reader]
    assert reader.note == "damaged in 1 places" and np.all(np.diff(times_s) > 0)
    assert times_s[-1] == reader.claimed_s and 1.9 < np.diff(times_s).max() < 2.2  # two seconds are missing


def test_pieces_out_of_order_do_not_turn_time_back(tmp_path):
    path = tmp_path / "film.ikem"
    path.write_bytes(MAGIC + HEADER + piece(b"P", TWO_FRAMES) * 2 + piece(b"P", pack([(3.0, ())])))
    with LandmarkReader(path) as reader:
        assert [time_s for time_s, _ in reader] == [1.0, 2.0, 3.0]


def test_any_cut_and_any_flipped_byte_is_read_or_refused_but_never_worse(tmp_path):
    path, rng = tmp_path / "film.ikem", np.random.default_rng(0)
    whole = record(path, crowd()).read_bytes()
    for _ in range(300):
        broken = bytearray(whole[: rng.integers(1, len(whole))] if rng.random() < 0.5 else whole)
        for at in rng.integers(0, len(broken), rng.integers(0, 4)):
            broken[at] = rng.integers(256)
        path.write_bytes(broken)
        try:
            with LandmarkReader(path) as reader:
                times_s = [time_s for time_s, _ in reader]
        except LandmarkError:
            continue
        assert np.all(np.diff(times_s) > 0) and (bytes(broken) == whole or reader.note or len(times_s) == 150)
