"""Recordings of landmarks alone, without a picture: written while they are made, readable up to where a run died.

A file is MAGIC and pieces: kind (1 byte), length (4), CRC-32 (4), content. H: the header, JSON. P: some seconds of
poses (app.landmark_codec). E: the end, with the number of frames and the last one's time; without it, the recording was
cut off. Byte order is little-endian throughout.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from app.landmark_codec import MOST_FRAMES, MOST_PEOPLE, MOST_POSES, MOST_RAW, Frame, LandmarkError, pack, unpack
from app.types import Pose
from models.system.atomic import OutputError

__all__ = ["RECORD_SUFFIX", "LandmarkError", "LandmarkReader", "LandmarkWriter", "is_recording"]

RECORD_SUFFIX = ".ikem"
MAGIC, VERSION = b"IKEMPOSE", 1
PIECE_S = 2.0  # what a killed run loses at most
MOST_BYTES = 1 << 34  # 16 GB: a month of one person
_MOST_HEADER = 1 << 14
_LATEST_S = 1e12  # microseconds must fit into 64 bits
_PIECE, _END = struct.Struct("<cII"), struct.Struct("<Qd")
_KINDS = (b"P", b"E")


def is_recording(path: str | Path) -> bool:
    """Whether a path is called like a recording of landmarks; the reader says whether it is one."""
    return Path(path).suffix.lower() == RECORD_SUFFIX


class LandmarkWriter:
    """Writes a recording, some seconds at a time. Close it, or use it in a `with`; holds PIECE_S seconds in memory.

    Args:
        path: a new file; its suffix should be RECORD_SUFFIX.
        settings: how the landmarks were made (pose model, rate ...), for the header; nothing about people.

    Attributes:
        frames: frames taken so far.

    Raises:
        OutputError: the file is there already, or cannot be written (also from `add` and `close`).
        ValueError: the settings are no plain names with texts and numbers.
    """

    def __init__(self, path: str | Path, settings: Mapping[str, str | float] | None = None) -> None:
        self.path, self.frames = Path(path), 0
        header = json.dumps({"version": VERSION, "settings": _checked(settings or {})}, allow_nan=False).encode()
        if len(header) > _MOST_HEADER:
            raise ValueError(f"the settings of a recording must fit into {_MOST_HEADER} bytes; got {len(header)}")
        self._held: list[Frame] = []
        self._poses = 0  # in `_held`
        self._last_s, self._last_us = -math.inf, -(1 << 62)  # time of the newest frame, as given and as kept
        self._file: IO[bytes] | None = None
        try:
            self._file = open(self.path, "xb")  # noqa: SIM115
        except FileExistsError:
            raise OutputError(f"{self.path} is already there; choose another name, or remove it first") from None
        except OSError as error:
            raise self._failed(error) from None
        self._write(MAGIC + _piece(b"H", header))

    def __enter__(self) -> LandmarkWriter:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except OutputError:
            if error is None:  # else the first error is the one to tell
                raise

    def add(self, time_s: float, people: Sequence[tuple[int, Pose]]) -> None:
        """Take one frame, also one with nobody in it.

        Args:
            time_s: seconds, later than the last frame's.
            people: (number of the person, pose) of each.

        Raises:
            ValueError: time does not increase, a number is not finite, or there are more than 255 people.
        """
        if not (math.isfinite(time_s) and self._last_s < time_s and abs(time_s) < _LATEST_S):
            raise ValueError(f"frame times must increase: {time_s} s came after {self._last_s} s")
        if len(people) > MOST_PEOPLE or not all(0 <= number < 1 << 32 and _finite(pose) for number, pose in people):
            raise ValueError(f"a frame holds up to {MOST_PEOPLE} people, with numbers from 0 and finite landmarks")
        if self._held and self._full(time_s, len(people)):
            self._flush()
        self._last_s = time_s
        self._last_us = max(round(time_s * 1e6), self._last_us + 1)
        self._held.append((self._last_us / 1e6, tuple(people)))
        self._poses += len(people)
        self.frames += 1

    def _full(self, time_s: float, people: int) -> bool:
        seconds, poses = time_s - self._held[0][0], self._poses + people
        return seconds >= PIECE_S or poses > MOST_POSES or len(self._held) >= MOST_FRAMES

    def close(self) -> None:
        """Write what is held and the end; harmless twice."""
        if self._file is None:
            return
        self._flush()
        self._write(_piece(b"E", _END.pack(self.frames, self._last_us / 1e6 if self.frames else 0.0)))
        file, self._file = self._file, None
        file.close()

    def _flush(self) -> None:
        if self._held:
            held, self._held, self._poses = self._held, [], 0
            self._write(_piece(b"P", pack(held)))

    def _write(self, piece: bytes) -> None:
        """Hand a piece to the system, so that it outlives this process."""
        if self._file is None:
            raise OutputError(f"{self.path}: the recording is closed")
        try:
            self._file.write(piece)
            self._file.flush()
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> OutputError:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()
        reason = error.strerror or str(error)
        return OutputError(f"cannot write {self.path}: {reason}; free some space or choose another file")


class LandmarkReader:
    """A recording, to be iterated once: `for time_s, people in reader`. Holds one piece at a time.

    Attributes:
        path: the file.
        settings: how the landmarks were made.
        claimed_s: time of the last frame, seconds; None where the recording was cut off.
        frames: frames read so far.
        last_s: time of the newest frame read.
        note: what was wrong with the file though it could be read, "" if nothing; complete after the last frame.

    Raises:
        LandmarkError: missing, empty, foreign, too large or damaged, or (while iterating) without a single frame.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.frames, self.last_s, self.note = 0, 0.0, ""
        self._size = self._checked_size()
        try:
            self._file = open(self.path, "rb")  # noqa: SIM115
        except OSError:
            raise self._error("there is no such file, or it may not be read") from None
        try:
            self.settings = self._header()
            self.claimed_s = self._claimed_end()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> LandmarkReader:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; harmless twice."""
        self._file.close()

    def __iter__(self) -> Iterator[Frame]:
        """Yield (time in seconds, strictly increasing; ((number of the person, Pose), ...))."""
        damaged, last_s = 0, -math.inf
        whole = False
        while (piece := self._piece()) is not None:
            kind, content = piece
            if kind == b"E":
                whole = True
                break
            frames = _unpacked(content)
            if not frames or frames[0][0] <= last_s:
                damaged += 1
                continue
            for time_s, people in frames:
                self.frames, self.last_s = self.frames + 1, time_s
                yield time_s, people
            last_s = self.last_s
        if not self.frames:
            raise self._error(
                "no frame in it can be read" + (" (the recording was cut off at once)" if not whole else "")
            )
        if not whole:
            self.note = f"the file ends early: {self.last_s:.1f} s could be read"
        elif damaged:
            self.note = f"damaged in {damaged} places"

    def poses(self) -> Iterator[tuple[float, list[Pose]]]:
        """The same without the people's numbers, as ActionStream.push takes it."""
        for time_s, people in self:
            yield time_s, [pose for _, pose in people]

    def _error(self, text: str) -> LandmarkError:
        return LandmarkError(f"{self.path.name}: {text}")

    def _checked_size(self) -> int:
        try:
            size = self.path.stat().st_size
        except OSError:
            raise self._error("there is no such file, or it may not be read") from None
        if not self.path.is_file():  # a pipe or a device could block for ever
            raise self._error("this is not a file")
        if size == 0:
            raise self._error("the file is empty (0 bytes)")
        if size > MOST_BYTES:
            raise self._error(f"larger than a recording may be ({MOST_BYTES >> 30} GB)")
        return size

    def _header(self) -> dict[str, str | float]:
        if self._file.read(len(MAGIC)) != MAGIC:
            raise self._error("not a recording of landmarks")
        piece = self._piece((b"H",), _MOST_HEADER)
        try:
            header = json.loads(piece[1]) if piece and piece[1] is not None else None
            version, settings = header["version"], _checked(header["settings"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise self._error("its header is damaged") from None
        if version != VERSION:
            raise self._error(f"written by a newer program (format {version}; this one reads {VERSION})")
        return settings

    def _claimed_end(self) -> float | None:
        """The time in the end piece, which has a fixed size and is the last one."""
        here, size = self._file.tell(), _PIECE.size + _END.size
        if self._size - here < size:
            return None
        self._file.seek(self._size - size)
        piece = self._piece()
        self._file.seek(here)
        if piece is None or piece[0] != b"E" or piece[1] is None or len(piece[1]) != _END.size:
            return None
        _, last_s = _END.unpack(piece[1])
        return last_s if abs(last_s) < _LATEST_S else None

    def _piece(self, kinds: tuple[bytes, ...] = _KINDS, most: int = MOST_RAW) -> tuple[bytes, bytes | None] | None:
        """(kind, content) of the next piece, content None where it is damaged; None where no piece can follow."""
        head = self._file.read(_PIECE.size)
        if len(head) < _PIECE.size:
            return None
        kind, length, crc = _PIECE.unpack(head)
        if kind not in kinds or length > most:
            return None
        content = self._file.read(length)
        if len(content) < length:
            return None
        return kind, content if zlib.crc32(content) == crc else None


def _piece(kind: bytes, content: bytes) -> bytes:
    return _PIECE.pack(kind, len(content), zlib.crc32(content)) + content


def _unpacked(content: bytes | None) -> list[Frame]:
    if content is None:
        return []
    try:
        return unpack(content)
    except LandmarkError:
        return []


def _checked(settings: Mapping[str, str | float]) -> dict[str, str | float]:
    plain = isinstance(settings, Mapping) and all(
        isinstance(name, str) and isinstance(value, str | int | float) for name, value in settings.items()
    )
    if not plain:
        raise ValueError("the settings of a recording are names with a text or a number each")
    return dict(settings)


def _finite(pose: Pose) -> bool:
    return all(bool(math.isfinite(part.sum())) for part in (pose.world_V3, pose.image_V3, pose.visibility_V))
