"""The reader of recordings of landmarks."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from app.landmarks.codec import MOST_RAW, Frame, LandmarkError, unpack
from app.landmarks.file_format import END, KINDS, LATEST_S, MAGIC, MOST_HEADER, PIECE, VERSION, checked_settings
from app.types import Pose

MOST_BYTES = 1 << 34  # 16 GB: a month of one person


class LandmarkReader:
    """A reader of one recording, to be iterated once: `for time_s, people in reader`.

    It holds one piece in memory at a time.

    Attributes:
        path: the file.
        settings: how the landmarks were made.
        claimed_s: time of the last frame, seconds; None if the recording was cut off.
        frames: frames read so far.
        last_s: time of the newest frame read.
        note: faults that did not keep the file from being read, "" if there are none; complete after the last frame.

    Raises:
        LandmarkError: the file is missing, empty, foreign, too large or damaged, or (while iterating) has no frame.
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
        """Close the file; a second call does nothing."""
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
        """Yield the same without the people's numbers, as ActionStream.push takes it."""
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
        piece = self._piece((b"H",), MOST_HEADER)
        if piece is None or piece[1] is None:
            raise self._error("its header is damaged")
        try:
            header = json.loads(piece[1])
            version, settings = header["version"], checked_settings(header["settings"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise self._error("its header is damaged") from None
        if version != VERSION:
            raise self._error(f"written by a newer program (format {version}; this one reads {VERSION})")
        return settings

    def _claimed_end(self) -> float | None:
        """Return the time in the end piece, which has a fixed size and is the last piece, or None without one."""
        here, size = self._file.tell(), PIECE.size + END.size
        if self._size - here < size:
            return None
        self._file.seek(self._size - size)
        piece = self._piece()
        self._file.seek(here)
        if piece is None or piece[0] != b"E" or piece[1] is None or len(piece[1]) != END.size:
            return None
        _, last_s = END.unpack(piece[1])
        return last_s if abs(last_s) < LATEST_S else None

    def _piece(self, kinds: tuple[bytes, ...] = KINDS, most: int = MOST_RAW) -> tuple[bytes, bytes | None] | None:
        """Read the next piece and return (kind, content), or None if no piece can follow.

        If the piece is damaged, its content is None.
        """
        head = self._file.read(PIECE.size)
        if len(head) < PIECE.size:
            return None
        kind, length, crc = PIECE.unpack(head)
        if kind not in kinds or length > most:
            return None
        content = self._file.read(length)
        if len(content) < length:
            return None
        return kind, content if zlib.crc32(content) == crc else None


def _unpacked(content: bytes | None) -> list[Frame]:
    if content is None:
        return []
    try:
        return unpack(content)
    except LandmarkError:
        return []
