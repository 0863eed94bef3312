"""Text of NTU RGB+D's skeleton files, and the names of its samples. Numpy only.

A file holds the number of frames; for each frame the number of bodies; for each body a line with its id and more
values, the number of joints, and a line a joint. The data set's own lines of a joint hold x y z in metres and nine more
values. Other programs write x y z alone, or fewer of the others: what comes after x y z is passed over.

Shapes: V = 25 joints.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.layouts import layout_hint
from models.skeleton import V
from training.data.readers.base import ReadError
from training.data.readers.text import COPY

NAME = re.compile(r"S\d{3}C\d{3}P\d{3}R\d{3}A\d{3}")
_FILE = re.compile(rf"(.*?){COPY}\.skeleton{COPY}(?:\.txt)?{COPY}", re.IGNORECASE)
_MOST_DIGITS = 9  # of a number of frames, bodies or joints


@dataclass(frozen=True, slots=True)
class KinectBody:
    """Body of a clip: the numbers of the frames it is in, increasing, and its joints (25, 3) in each."""

    frames: list[int]
    joints: list[np.ndarray]


def sample_of(path: Path) -> str | None:
    """Return the name of the sample that a file holds, such as S001C002P003R002A013, whatever copies are called.

    It is None for a file that is no skeleton file, and the file's own name in capitals where that names no sample.
    """
    match = _FILE.fullmatch(path.name)
    return match[1].strip().upper() if match is not None else None


def parse(text: str) -> tuple[int, list[KinectBody]]:
    """Parse a file to its number of frames and its bodies, in the order of their first frames.

    Raises:
        ReadError: the text is cut off or is no skeleton.
    """
    if not text.strip():
        raise ReadError("the file is empty")
    text = text.replace(";", " ")
    if "," in text:  # between whole numbers and fractions, or between values
        text = text.replace(",", " " if "." in text else ".")
    lines = _Lines(text)
    bodies: dict[str, KinectBody] = {}
    frames = lines.count("frames")
    for t in range(frames):
        for _ in range(lines.count("bodies")):
            body = bodies.setdefault(lines.next("a body")[0], KinectBody([], []))
            joints = lines.count("joints")
            if joints != V:
                raise ReadError(f"a body of {joints} joints instead of {V}{layout_hint((frames, joints, 3))}")
            joints_V3 = np.array([lines.joint() for _ in range(V)], np.float32)
            if body.frames[-1:] != [t]:  # an id twice in a frame: the first counts
                body.frames.append(t)
                body.joints.append(joints_V3)
    lines.end(frames)
    return frames, list(bodies.values())


class _Lines:
    """Lines of a file, read one by one as the values in them; empty ones are passed over."""

    def __init__(self, text: str) -> None:
        self._number = 0
        self._left = self._each(text)

    def _each(self, text: str) -> Iterator[list[str]]:
        for self._number, line in enumerate(text.splitlines(), 1):
            values = line.split()
            if values:
                yield values

    def next(self, what: str) -> list[str]:
        values = next(self._left, None)
        if values is None:
            raise ReadError(f"cut off, or no NTU skeleton: it ends where {what} should follow")
        return values

    def count(self, what: str) -> int:
        values = self.next(f"the number of {what}")
        if len(values) != 1 or not values[0].isdecimal() or len(values[0]) > _MOST_DIGITS:
            raise self._wrong(f"should hold the number of {what}", values)
        return int(values[0])

    def joint(self) -> list[float]:
        values = self.next("a joint")
        if len(values) < 3:
            raise self._wrong("should hold a joint's x, y and z", values)
        try:
            return [float(value) for value in values[:3]]
        except ValueError:
            raise self._wrong("should hold a joint's x, y and z as numbers", values) from None

    def end(self, frames: int) -> None:
        if (values := next(self._left, None)) is not None:
            raise self._wrong(f"follows the {frames} frames that line 1 tells of", values)

    def _wrong(self, text: str, values: list[str]) -> ReadError:
        held, line = " ".join(values)[:40], self._number
        cut = "" if next(self._left, None) else "cut off, or "
        return ReadError(f"{cut}no NTU skeleton: line {line} {text}; it holds {ascii(held)}")
