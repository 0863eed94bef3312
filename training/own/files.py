"""Files of a folder by action and person, and the choice of those that are held back to judge by.

DIR/ACTION/file, or DIR/ACTION/PERSON/file: a person's name is the same in all actions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from app.landmarks.file_format import RECORD_SUFFIX
from app.sources.folders import FolderFiles, left_out, look_into, not_read
from app.sources.kinds import is_annotated, is_video
from app.teach.pack import checked_name
from models.labels import SILENT

SUFFIXES = (RECORD_SUFFIX, ".npz")  # beside those of videos
HELD_BACK = 0.25  # of the files, about


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one person in a file.

    Attributes:
        person: number of the person, as in events.
        start_s, end_s: of the stretch, seconds.
    """

    person: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Example:
    """File, or stretch of a file, that shows one action.

    Attributes:
        path: the file.
        key: its path below the folder, with slashes.
        action: name of the folder it lies in, as it is shown; "idle" and "other" are stillness and anything else.
        person: name of the folder between, "" where there is none.
        part: train, or val where it is held back.
        span: the stretch that shows it, None where all of the file does. Of a stretch, `person` is the video.
    """

    path: Path
    key: str
    action: str
    person: str = ""
    part: str = "train"
    span: Span | None = None


def find(folder: Path, note: Callable[[str], None] = lambda line: None) -> list[Example]:
    """Find every video, recording and clip file below the folders of the actions, sorted.

    Args:
        folder: holds a folder for each action.
        note: told what is left out.

    Raises:
        ValueError: there is no such folder, it holds fewer than two actions, or a name cannot be shown.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: there is no such folder; it should hold a folder of videos for each action")
    examples: list[Example] = []
    inside = look_into(folder, recursive=False)
    below, others = FolderFiles(), list[Path]()
    searched: set[Path] = set()
    for place in sorted(inside.folders, key=lambda place: (place.is_symlink(), place)):  # links last
        real = place.resolve()
        if folder.resolve().is_relative_to(real) or real in searched:
            below.again.append(place)
            continue
        searched.add(real)
        here = look_into(place)
        files = [path for path in here.files if _shows_an_action(path)]
        examples += [_example(path, path.relative_to(folder)) for path in files]
        others += [path for path in here.files if path not in files]
        below.again.extend(here.again)
        below.closed.extend(here.closed)
    examples.sort(key=lambda example: example.path)
    below.again.sort()
    loose = left_out(inside.files, "beside the folders of the actions")
    for line in [loose] * bool(loose) + not_read(others, "neither video nor .npz nor .ikem", below):
        note(line)
    names = sorted({example.action for example in examples})
    same = [name for name, count in Counter(name.casefold() for name in names).items() if count > 1]
    if same:
        raise ValueError(f"{folder}: two folders are both called {same[0]!r}; give them names that differ")
    said = [name for name in names if name not in SILENT]
    if len(said) < 2:
        raise ValueError(
            f"{folder} holds {f'one action, {said[0]!r}' if said else 'no action'}: at least two folders of videos "
            f"({', '.join(SUFFIXES)} and whatever is a video) are needed, each named after its action"
        )
    return examples


def _shows_an_action(path: Path) -> bool:
    return (path.suffix.lower() in SUFFIXES or is_video(path)) and path.is_file() and not is_annotated(path)


def _example(path: Path, place: Path) -> Example:
    action = checked_name(place.parts[0])
    if action.casefold() in SILENT:
        action = action.casefold()
    return Example(path, place.as_posix(), action, "/".join(place.parts[1:-1]))


def divide(examples: Sequence[Example], by: str, seed: int) -> tuple[list[Example], str]:
    """Hold back about HELD_BACK of the files, while every action keeps some to train.

    Args:
        examples: of two actions or more.
        by: "person" holds back whole people, "file" some files of each action; "auto" goes by person where every file
            lies in a person's folder and there are two people or more.
        seed: of the choice.

    Returns:
        The examples with their parts, and "person" or "file".

    Raises:
        ValueError: an action has a single file, or people cannot be held back.
    """
    counts = Counter(example.action for example in examples)
    lone = sorted(action for action, count in counts.items() if count < 2 and action not in SILENT)
    if lone and any(example.span is not None for example in examples):
        raise ValueError(
            f"only one event that can be used shows {', '.join(lone)}: two are the least, one of them to judge by; "
            "correct another video that shows it, or call it by a label that has more"
        )
    if lone:
        raise ValueError(f"only one usable file shows {', '.join(lone)}: two are the least, one of them to judge by")
    people = sorted({example.person for example in examples})
    named = "" not in people and len(people) > 1
    if by == "person" and not named:
        raise ValueError("to hold back people, put each file into a folder of its person: DIR/ACTION/PERSON/file")
    rng = np.random.default_rng(seed)
    held = _people(examples, people, rng) if by == "person" or (by == "auto" and named) else set()
    if held:
        return [replace(e, part="val" if e.person in held else "train") for e in examples], "person"
    if by == "person":
        raise ValueError("whoever is held back, an action has nobody left to learn from: hold back files, --by file")
    return _files(examples, rng), "file"


def _people(examples: Sequence[Example], people: Sequence[str], rng: np.random.Generator) -> set[str]:
    """Choose people to hold back, such that every action keeps somebody else's files.

    The set is empty where that cannot be.
    """
    left = Counter((e.action, e.person) for e in examples)
    wanted, count = HELD_BACK * len(examples), 0
    held: set[str] = set()
    for person in rng.permutation(people).tolist():
        rest = {action for action, one in left if one not in held and one != person}
        mine = sum(n for (_, one), n in left.items() if one == person)
        if len(rest) == len({action for action, _ in left}) and (not held or count + mine <= 1.5 * wanted):
            held.add(person)
            count += mine
        if count >= wanted:
            break
    return held


def _files(examples: Sequence[Example], rng: np.random.Generator) -> list[Example]:
    places: dict[str, list[int]] = defaultdict(list)
    for i, example in enumerate(examples):
        places[example.action].append(i)
    held: set[int] = set()
    for mine in places.values():
        held.update(rng.permutation(mine)[: min(len(mine) - 1, max(1, round(HELD_BACK * len(mine))))].tolist())
    return [replace(e, part="val" if i in held else "train") for i, e in enumerate(examples)]
