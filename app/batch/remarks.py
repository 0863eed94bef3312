"""What folders leave out although it could be meant, told before a run."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from app.batch.jobs import is_input, is_pattern, live, matches, printable, real
from app.sources.folders import FolderFiles, in_words, look_into, not_read
from app.sources.kinds import is_annotated
from models.system.words import count

_NEITHER = "neither video nor .npz nor .ikem"
_MOST_LOOKED_AT = 10_000  # most files looked at in a folder that is left out


def remarks(inputs: Iterable[str], recursive: bool, leave_out: Collection[Path] = ()) -> list[str]:
    """Return a line for the user about each thing that a folder leaves out although it could be meant.

    Args:
        inputs: as the user named them.
        recursive: whether folders are searched to their ends.
        leave_out: resolved files that are results of an earlier run, of which nothing is said.
    """
    lines: list[str] = []
    for text in inputs:
        if live(text) is not None:
            continue
        told: Iterable[str] = ()
        if is_pattern(text):
            told = _of_pattern(matches(text), leave_out)
        elif os.path.isdir(text):
            told = _remarks(look_into(Path(text), recursive), leave_out)
        lines += [f"{printable(text)}: {printable(line)}" for line in told]
    return lines


def _of_pattern(found: Collection[Path], leave_out: Collection[Path]) -> Iterator[str]:
    """Yield a line about what a pattern matches and is not read; where it is all, the input says so itself."""
    others = [path for path in found if not (is_input(path) or real(path) in leave_out)]
    if 0 < len(others) < len(found):
        yield f"{count(len(others), 'match', 'matches')} left out, {_NEITHER}: {in_words(others)}"


def _remarks(inside: FolderFiles, leave_out: Collection[Path]) -> Iterator[str]:
    others = [path for path in inside.files if is_annotated(path) or not (is_input(path) or real(path) in leave_out)]
    readable = replace(inside, closed=[])  # each folder that may not be read is an input, and reported
    yield from not_read(others, _NEITHER, readable)
    folders = sum(map(_holds_inputs, inside.folders))
    if folders:
        yield f"{count(folders, 'folder')} in it left out (--recursive)"


def _holds_inputs(folder: Path) -> bool:
    return any(is_input(path) and not is_annotated(path) for path in look_into(folder, most=_MOST_LOOKED_AT).files)
