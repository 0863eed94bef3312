"""The files of a folder: links are followed once, loops end, and what is left out can be told in one line."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.sources.kinds import is_annotated, is_passed_over
from models.system.words import count

_NAMED_ONE_BY_ONE = 2  # files of one suffix that a line names; more are counted
_MOST_NAMED = 8


@dataclass(slots=True)
class FolderFiles:
    """The contents of a folder.

    Attributes:
        files: each once, whatever links lead to it, under its own name where it has one below the folder.
        folders: in the folder and not searched, as it was not asked for.
        closed: folders that may not be read.
        again: links to a folder that is searched already, or that holds the folder itself.
    """

    files: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    closed: list[Path] = field(default_factory=list)
    again: list[Path] = field(default_factory=list)


def look_into(folder: Path, recursive: bool = True, most: int | None = None) -> FolderFiles:
    """List a folder, without what is hidden or what a system adds (`__MACOSX`, `Thumbs.db`).

    Args:
        folder: the folder.
        recursive: whether its folders are searched too, to their ends, links among them.
        most: stop after about so many files; None for all.
    """
    found, start = FolderFiles(), os.path.realpath(folder)
    todo, linked = [(folder, start)], list[Path]()  # links wait, so that files keep their own names
    links: list[Path] = []
    searched: set[str] = set()
    while (todo or linked) and (most is None or len(found.files) < most):
        if not todo:
            link = linked.pop(0)
            todo.append((link, os.path.realpath(link)))
        here, place = todo.pop()
        if place in searched or (place != start and _holds(place, start)):
            found.again.append(here)
            continue
        searched.add(place)
        folders = []
        for entry in _entries(here, found):
            path = here / entry.name
            if not os.path.isdir(path):  # unlike DirEntry.is_dir, it stands links in a circle
                (links if entry.is_symlink() else found.files).append(path)
            elif not recursive:
                found.folders.append(path)
            elif entry.is_symlink():
                linked.append(path)
            else:
                folders.append((path, os.path.join(place, entry.name)))
        todo += reversed(folders)
    found.files = sorted([*found.files, *_not_known(links, found.files)])
    return found


def _not_known(links: list[Path], files: list[Path]) -> Iterator[Path]:
    """Yield the links to files that are not among these files, and of several to one file the first."""
    known = {os.path.realpath(path) for path in files} if links else set()
    for path in sorted(links):
        if (place := os.path.realpath(path)) not in known:
            known.add(place)
            yield path


def _holds(place: str, inside: str) -> bool:
    return os.path.commonpath([place, inside]) == place


def _entries(folder: Path, found: FolderFiles) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if not is_passed_over(e.name)), key=lambda entry: entry.name)
    except OSError:
        found.closed.append(folder)
        return []


def in_words(paths: Iterable[Path]) -> str:
    """Return files in words, by their kinds: "notes.txt, 40 .jpg and 3 without a suffix"."""
    paths = list(paths)
    counts = Counter(path.suffix.lower() for path in paths)
    few = [path.name for path in paths if counts[path.suffix.lower()] <= _NAMED_ONE_BY_ONE]
    many = [(suffix or "without a suffix", n) for suffix, n in counts.most_common() if n > _NAMED_ONE_BY_ONE]
    more = len(few) - _MOST_NAMED
    named = [
        *few[:_MOST_NAMED],
        *([f"{more} of other kinds"] if more > 0 else []),
        *(f"{n} {name}" for name, n in many),
    ]
    return " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def left_out(paths: Iterable[Path], why: str) -> str:
    """Return a line about the files that are left out, "" where there are none.

    Args:
        paths: the files.
        why: as the middle of the line, such as "no video".
    """
    paths = list(paths)
    return f"{count(len(paths), 'file')} left out, {why}: {in_words(paths)}" if paths else ""


def not_read(files: Iterable[Path], why: str, inside: FolderFiles) -> list[str]:
    """Return the lines that a user should read about what a folder holds and is not read.

    Args:
        files: of the folder, those that are not taken.
        why: as the middle of the line about them, such as "no video".
        inside: the folder, with its links and its folders that may not be read.
    """
    files = list(files)
    odd = {path for path in files if os.path.lexists(path) and not os.path.isfile(path)}
    there = [path for path in files if path not in odd]
    drawn = sum(map(is_annotated, there))
    lines = [
        f"{count(drawn, 'annotated video')} in it, of this command, left out (to be named one by one)" if drawn else "",
        left_out((path for path in there if not is_annotated(path)), why),
        left_out(sorted(odd), "links that lead nowhere, pipes or devices"),
        f"folders left out that may not be read: {_few(inside.closed)}" if inside.closed else "",
    ]
    if inside.again:
        lines.append(f"links to folders that are searched already, or hold the link, left out: {_few(inside.again)}")
    return [line for line in lines if line]


def _few(paths: Sequence[Path]) -> str:
    few, more = [str(path) for path in paths[:_MOST_NAMED]], len(paths) - _MOST_NAMED
    return ", ".join([*few, f"{more} more"] if more > 0 else few)
