"""Text files of recorded skeletons, as downloads, other systems and file managers leave them. Numpy only."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable
from pathlib import Path

COPY = r"(?: ?\(\d+\)| - copy)?"  # what file managers add to a second file of a name
_BOMS = {BOM_UTF8: "utf-8-sig", BOM_UTF16_LE: "utf-16", BOM_UTF16_BE: "utf-16"}


def read_text(path: Path) -> str:
    """Return a file's text, with a byte-order mark or without. A byte that is no ASCII becomes a mark of its own."""
    data = path.read_bytes()
    encoding = next((name for mark, name in _BOMS.items() if data.startswith(mark)), "")
    if not encoding:  # UTF-16 of ASCII letters has a zero in every other place
        halves = {"utf-16-be": data[:64:2], "utf-16-le": data[1:64:2]}
        encoding = next((name for name, half in halves.items() if half and not any(half)), "ascii")
    return data.decode(encoding, errors="replace").replace("\u2212", "-")


def one_a_name(paths: Iterable[Path], name_of: Callable[[Path], str]) -> list[Path]:
    """Return the files, sorted, without copies: of each name the one that is called shortest."""
    once: dict[str, Path] = {}
    for path in sorted(paths, key=lambda path: (len(path.name), path)):
        once.setdefault(name_of(path), path)
    return sorted(once.values())
