"""The writer of recordings of landmarks, which keeps the file readable at every moment."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from app.landmarks.codec import MOST_FRAMES, MOST_PEOPLE, MOST_POSES, Frame, pack
from app.landmarks.file_format import END, LATEST_S, MAGIC, MOST_HEADER, VERSION, checked_settings, is_finite, piece
from app.types import Pose
from models.system.atomic import OutputError

PIECE_S = 2.0  # most that an interrupted run loses


class LandmarkWriter:
    """A writer of one recording, some seconds at a time; a context manager.

    It holds PIECE_S seconds in memory, so `close` it or use a `with`.

    Args:
        path: a new file; its suffix should be RECORD_SUFFIX.
        settings: how the landmarks were made (pose model, rate ...), for the header; nothing about people.

    Attributes:
        frames: frames taken so far.

    Raises:
        OutputError: the file exists already, or cannot be written (also from `add` and `close`).
        ValueError: the settings are not a mapping from names to texts and numbers.
    """

    def __init__(self, path: str | Path, settings: Mapping[str, str | float] | None = None) -> None:
        self.path, self.frames = Path(path), 0
        header = json.dumps(
            {"version": VERSION, "settings": checked_settings(settings or {})}, allow_nan=False
        ).encode()
        if len(header) > MOST_HEADER:
            raise ValueError(f"the settings of a recording must fit into {MOST_HEADER} bytes; got {len(header)}")
        self._held: list[Frame] = []
        self._poses = 0  # number of poses in `_held`
        self._last_s, self._last_us = -math.inf, -(1 << 62)  # time of the newest frame, as given and as kept
        self._file: IO[bytes] | None = None
        try:
            self._file = open(self.path, "xb")  # noqa: SIM115
        except FileExistsError:
            raise OutputError(f"{self.path} is already there; choose another name, or remove it first") from None
        except OSError as error:
            raise self._failed(error) from None
        self._write(MAGIC + piece(b"H", header))

    def __enter__(self) -> LandmarkWriter:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except OutputError:
            if error is None:  # otherwise the first error is the one to report
                raise

    def add(self, time_s: float, people: Sequence[tuple[int, Pose]]) -> None:
        """Write one frame, even if nobody is in it.

        Args:
            time_s: seconds, later than the last frame's.
            people: (number of the person, pose) of each.

        Raises:
            ValueError: time does not increase, a number is not finite, or there are more than 255 people.
        """
        if not (math.isfinite(time_s) and self._last_s < time_s and abs(time_s) < LATEST_S):
            raise ValueError(f"frame times must increase: {time_s} s came after {self._last_s} s")
        if len(people) > MOST_PEOPLE or not all(0 <= number < 1 << 32 and is_finite(pose) for number, pose in people):
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
        """Write the remaining frames and the end; a second call does nothing."""
        if self._file is None:
            return
        self._flush()
        self._write(piece(b"E", END.pack(self.frames, self._last_us / 1e6 if self.frames else 0.0)))
        file, self._file = self._file, None
        file.close()

    def _flush(self) -> None:
        if self._held:
            held, self._held, self._poses = self._held, [], 0
            self._write(piece(b"P", pack(held)))

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
