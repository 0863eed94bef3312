"""Readers of recorded skeletons, one for each file format, and the choice of the one that fits a source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from training.data.readers.base import Reader

KINDS = ("ntu", "pku", "nw-ucla", "clips", "videos")


def make_reader(kind: str, missing: Path | None = None, pose: str = "wheel") -> Reader:
    """Make the reader of a kind.

    Args:
        kind: one of KINDS.
        missing: list of NTU samples to leave out; other kinds have none.
        pose: name of the pose model that looks at videos.

    Raises:
        ValueError: there is no such kind, or the list is unreadable or not for this kind.
    """
    makers = _makers(missing, pose)
    if kind not in makers:
        raise ValueError(f"there is no kind {kind!r} of source; choose one of {', '.join(KINDS)}")
    if missing is not None and kind != "ntu":
        raise ValueError(f"a list of missing skeletons is for NTU RGB+D; this source is {kind}")
    return makers[kind]()


def _makers(missing: Path | None, pose: str) -> dict[str, Callable[[], Reader]]:
    from training.data.readers.clips import ClipsReader
    from training.data.readers.ntu import NtuReader, read_missing
    from training.data.readers.nw_ucla import NwUclaReader
    from training.data.readers.pku import PkuReader
    from training.data.readers.videos import VideosReader

    return {
        "ntu": lambda: NtuReader(read_missing(missing)),
        "pku": PkuReader,
        "nw-ucla": NwUclaReader,
        "clips": ClipsReader,
        "videos": lambda: VideosReader(pose),
    }


def guess_kind(source: Path) -> str:
    """Guess the kind from the files that a source holds.

    Videos count only where there is nothing else: data sets ship them beside their skeletons.

    Raises:
        ValueError: nothing in it can be read, or it could be of two kinds.
    """
    makers = _makers(None, "wheel")
    held = [kind for kind in KINDS if kind != "videos" and makers[kind]().files(source)]
    if not held and makers["videos"]().files(source):
        held = ["videos"]
    if not held:
        wanted = "; ".join(f"{makers[kind]().wanted} ({kind})" for kind in KINDS)
        raise ValueError(f"{source} holds nothing that can be prepared. Looked for: {wanted}")
    if len(held) > 1:
        raise ValueError(f"{source} holds files of several kinds; say which: --kind {' or --kind '.join(held)}")
    return held[0]
