"""What folders leave out although it could be meant, told before a run."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from app.batch.jobs import is_input, live, printable, real
from app.sources.folders import FolderFiles, look_into, not_read
from app.sources.kinds import is_annotated
from models.system.words import count

_MOST_LOOKED_AT = 10_000  # most files looked at in a folder that is left out


def remarks(inputs: Iterable[str], recursive: bool, leave_out: Collection[Path] = ()) -> list[str]:
    """Return a line for the user about each thing that a folder leaves out although it could be meant.

    Args:
        inputs: as the user named them.
        recursive: whether folders are searched to their ends.
        leave_out: resolved files that are results of an earlier run, of which nothing is said.
    """
    lines = []
    for text in inputs:
        path = Path(text)
        if live(text) is None and os.path.isdir(path):
            inside = look_into(path, recursive)
            lines += [f"{printable(text)}: {printable(line)}" for line in _remarks(inside, leave_out)]
    return lines


def _remarks(inside: FolderFiles, leave_out: Collection[Path]) -> Iterator[str]:
    others = [path for path in inside.files if is_annotated(path) or not (is_input(path) or real(path) in leave_out)]
    readable = replace(inside, closed=[])  # the others are inputs, so that each is reported
    yield from not_read(others, "neither video nor .npz nor .ikem", readable)
    folders = sum(map(_holds_inputs, inside.folders))
    if folders:
        yield f"{count(folders, 'folder')} in it left out (--recursive)"


def _holds_inputs(folder: Path) -> bool:
    return any(is_input(path) and not is_annotated(path) for path in look_into(folder, most=_MOST_LOOKED_AT).files)
