"""What a file is instead of what it should be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.system.contents import mistaken

CONTENTS = {
    b"": "is empty",
    b"version https://git-lfs.github.com/spec/v1\n": "git lfs pull",
    b"<!DOCTYPE html><html>": "web page",
    b"\x1f\x8b\x08" + bytes(40): "is compressed: unpack it first",
    b"\xfd7zXZ\0" + bytes(40): "is compressed",
    bytes(900): "zeros alone",
    b"PK\x03\x04" + bytes(40): "",  # an .npz, or weights
}


@pytest.mark.parametrize("content", CONTENTS)
def test_what_is_there_instead(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    assert CONTENTS[content] in mistaken(tmp_path / "file")
    assert bool(CONTENTS[content]) == bool(mistaken(tmp_path / "file"))


@pytest.mark.skipif(os.name == "nt", reason="Windows names no pipes so")
def test_pipes_and_devices_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "pipe or a device" in mistaken(tmp_path / "pipe") and "pipe or a device" in mistaken(Path("/dev/null"))
    assert "is a folder" in mistaken(tmp_path) and mistaken(tmp_path / "none") == ""
