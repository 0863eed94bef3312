"""Reader of PKU-MMD (Liu et al., 2017): long sequences, cut into clips by their label files. Numpy only.

A sequence is a text file such as 0002-L.txt, a line a frame: x y z of 25 joints of one person, then of a second one,
zeros where there is none. Axes are Kinect v2's (see training.data.readers.ntu), lengths metres, at 30 frames/s. A label
file has the same name, in another folder, and a line an action: number, first frame, last frame, confidence.
cross-subject.txt and cross-view.txt list the sequences that train after "Training videos:", the others after
"Validataion videos:" (sic), divided by commas. The letter of a name is the camera: left, middle or right.

Shapes: P people (1 or 2), T frames, V = 25 joints, C = 3 coordinates, N clips.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from models.skeleton import V
from training.data.readers.base import (
    MOST_PEOPLE,
    Columns,
    Reader,
    ReadError,
    RecordedClip,
    files_below,
    most_moving,
)  # fmt: skip
from training.data.readers.text import read_text

FPS = 30.0
VIEWS = {"L": 1, "M": 2, "R": 3}
SPLIT_FILES = {"xsub": "cross*subject*.txt", "xview": "cross*view*.txt"}
VALUES_A_LINE = MOST_PEOPLE * V * 3
_NAME = re.compile(r"(?:A\d+N\d+|\d{4})-([LMR])")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:nan|inf(?:inity)?)", re.IGNORECASE)


class PkuReader(Reader):
    """Reader of PKU-MMD.

    Splits: xsub and xview, where the source holds their lists. Labels are the actions' numbers.
    """

    kind = "pku"
    wanted = "a folder of files named like 0002-L.txt: skeletons in one folder, labels in another"
    files_a_part = 4
    names_left_out = False  # its labels and splits are text files too

    def files(self, source: Path) -> list[Path]:
        """List the sequences, without the label files of the same names."""
        return [path for path in _named(source) if "," not in _first_line(path)]

    def read(self, path: Path, source: Path) -> Iterator[RecordedClip | ReadError]:
        match = _NAME.fullmatch(path.stem)
        assert match is not None
        label_file = _label_files(source).get(path.stem)
        if label_file is None:
            raise ReadError(f"{path.name}: there is no label file of the same name beside it")
        actions, joints_PTVC = _read_labels(label_file), _read_sequence(path)
        for i, (action, first, last) in enumerate(actions):
            name = f"{path.stem}#{i}"
            present = [person for person in joints_PTVC[:, max(first - 1, 0) : last] if person.any()]
            try:
                if not present:
                    raise ReadError(f"{name}: nobody is seen from frame {first} to {last}")
                yield RecordedClip(name, most_moving(present), FPS, f"A{action:02d}", view=VIEWS[match[1]])
            except ReadError as error:
                yield error

    def splits(self, columns: Columns, source: Path) -> dict[str, np.ndarray]:
        sequences = [name.rpartition("#")[0] for name in columns.name.tolist()]
        found = {}
        for split, path in _split_files(source).items():
            train, test = _read_split(path)
            found[split] = np.array([1 if s in train else 0 if s in test else -1 for s in sequences], np.int8)
        return found

    def settings(self, source: Path) -> str:
        digest = hashlib.sha256()
        for path in (*_label_files(source).values(), *_split_files(source).values()):
            digest.update(path.read_bytes())
        return f"{self.kind} {digest.hexdigest()}"


def _named(source: Path) -> list[Path]:
    if not source.is_dir():
        return []
    return [path for path in files_below(source) if path.suffix == ".txt" and _NAME.fullmatch(path.stem)]


def _first_line(path: Path) -> str:
    with open(path, encoding="ascii", errors="replace") as file:
        return file.readline(1 << 14)


@lru_cache(maxsize=4)  # the search goes through thousands of files, and is asked for with each of them
def _label_files(source: Path) -> dict[str, Path]:
    return {path.stem: path for path in _named(source) if "," in _first_line(path)}


def _split_files(source: Path) -> dict[str, Path]:
    below = files_below(source)
    found = {split: [path for path in below if path.match(pattern)] for split, pattern in SPLIT_FILES.items()}
    return {split: paths[0] for split, paths in found.items() if paths}


def _read_sequence(path: Path) -> np.ndarray:
    """Read the joints of one file, (2, T, 25, 3)."""
    text = read_text(path)
    if not text.strip():
        raise ReadError(f"{path.name}: the file is empty")
    try:
        values = np.loadtxt(text.splitlines(), np.float32, ndmin=2, comments=None)
    except ValueError:
        raise ReadError(f"{path.name}: {_odd_line(text)}") from None
    if values.shape[1] != VALUES_A_LINE:
        raise ReadError(f"{path.name}: {_odd_line(text)}")
    return values.reshape(-1, MOST_PEOPLE, V, 3).swapaxes(0, 1)


def _odd_line(text: str) -> str:
    """Return which line is the first that does not hold as many numbers as it must, and what it holds."""
    for number, line in enumerate(text.splitlines(), 1):
        values = line.split()
        if values and len(values) != VALUES_A_LINE:
            return f"line {number} must hold {VALUES_A_LINE} values; it holds {len(values)} (cut off, or no PKU-MMD?)"
        odd = next((value for value in values if not _NUMBER.fullmatch(value)), None)
        if odd is not None:
            return f"line {number} must hold numbers; it holds {ascii(odd[:40])}"
    return "no PKU-MMD: its lines do not hold numbers alone"


def _read_labels(path: Path) -> list[tuple[int, int, int]]:
    """Read (action, first frame, last frame) of each line."""
    actions = []
    for line in filter(str.strip, read_text(path).splitlines()):
        try:
            action, first, last = (int(value) for value in line.split(",")[:3])
        except ValueError:
            raise ReadError(
                f"{path.name}, its label file: {ascii(line[:40])} is no line of action, first frame, last frame, "
                "confidence"
            ) from None
        actions.append((action, first, last))
    return actions


def _read_split(path: Path) -> tuple[set[str], set[str]]:
    """Read the names of the sequences that train and of those that test."""
    train, _, test = read_text(path).lower().partition("valida")
    trains, tests = ({match.group().upper() for match in _NAME.finditer(half.upper())} for half in (train, test))
    if not (trains and tests):
        raise ValueError(f'{path} does not list sequences that train, then "Validataion videos:" and those that test')
    return trains, tests
