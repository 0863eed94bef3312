"""What a file is instead of what it should be, in words: downloads, Git and mistaken names leave other things."""

from __future__ import annotations

from pathlib import Path

_HEAD = 512  # bytes that tell
_PACKED = (b"\x1f\x8b", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"BZh", b"7z\xbc\xaf", b"Rar!")  # but zip, as .npz is one


def mistaken(path: Path) -> str:
    """Return what is at a path instead of a file of results or of a model, with a remedy, "" if none of it is known.

    It follows the path in a sentence: "student.onnx is empty: ...".
    """
    if path.is_dir():
        return "is a folder: name the file in it"
    if path.exists() and not path.is_file():  # a pipe or a device could block for ever
        return "is no file, but a pipe or a device: copy what it gives into a file"
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    if not head:
        return "is empty: get it again"
    if head.startswith(b"version https://git-lfs"):
        return "is only a pointer of Git LFS: `git lfs pull` fetches the file itself"
    if head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html", b"<?xml")):
        return "is a web page, not the file: get it again"
    if head.startswith(_PACKED):
        return "is compressed: unpack it first"
    if not any(head):
        return "holds zeros alone, as a download that broke off leaves them: get it again"
    return ""


def is_weights(path: Path) -> bool:
    """Return whether a file holds weights of PyTorch (a zip or a pickle) or safetensors, which no runtime runs."""
    with path.open("rb") as file:
        head = file.read(9)
    length = int.from_bytes(head[:8], "little")
    safetensors = head[8:] == b"{" and length < path.stat().st_size
    return safetensors or head.startswith((b"PK\x03\x04", b"\x80\x02", b"\x80\x04"))


def is_pack(path: Path) -> bool:
    """Return whether a file is a pack of taught actions (app.teach.pack)."""
    with path.open("rb") as file:
        return b'"format":"ikem-live-pack' in file.read(1 << 16)
