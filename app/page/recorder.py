"""The recorder of live visitors' landmarks, never of their pictures: one file for each visitor."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from app.landmarks.file_format import RECORD_SUFFIX, is_recording
from app.landmarks.writer import LandmarkWriter
from app.types import Pose
from models.system.atomic import OutputError


class Recorder:
    """A recording of one visitor.

    If the file can no longer be written, the recording ends; the visit goes on.

    Args:
        path: a new file, made at the first frame.
        settings: for the file's header.

    Attributes:
        state: "on", or "failed" once the file could not be written.
    """

    def __init__(self, path: Path, settings: dict[str, str]) -> None:
        self._path, self._settings = path, settings
        self._writer: LandmarkWriter | None = None
        self.state = "on"

    def add(self, time_s: float, people: Sequence[tuple[int, Pose]]) -> None:
        """Write one frame: its time and (number of the person, pose) of each person."""
        if self.state != "on":
            return
        try:
            if self._writer is None:
                self._writer = LandmarkWriter(self._path, self._settings)
            self._writer.add(time_s, people)
        except (OutputError, ValueError) as error:
            self._fail(error)

    def close(self) -> None:
        """Write the remaining frames; a second call does nothing."""
        if self._writer is not None:
            try:
                self._writer.close()
            except OutputError as error:
                self._fail(error)
        self._writer = None

    def _fail(self, error: Exception) -> None:
        self.state = "failed"
        print(f"recording stopped: {error}", file=sys.stderr)
        if self._writer is not None:
            with suppress(OutputError):
                self._writer.close()
        self._writer = None


class Recordings:
    """A maker of one recorder for each visitor, with files FILE.ikem, FILE-2.ikem and so on.

    Existing files are never replaced.

    Args:
        path: the first visitor's file.
        settings: for the files' headers: how the landmarks are made.

    Raises:
        ValueError: the name does not end in .ikem, the file exists already, or its folder does not.
    """

    def __init__(self, path: Path, settings: dict[str, str]) -> None:
        if not is_recording(path):
            raise ValueError(f"{path}: a recording of landmarks is named NAME{RECORD_SUFFIX}")
        if path.exists():
            raise ValueError(f"{path} is already there; choose another name, or remove it first")
        if not path.parent.is_dir():
            raise ValueError(f"{path}: there is no folder {path.parent}; make it first")
        self._path, self._settings, self._count = path, settings, 0
        self._lock = threading.Lock()

    def __call__(self) -> Recorder:
        with self._lock:
            while True:
                self._count += 1
                stem = self._path.stem if self._count == 1 else f"{self._path.stem}-{self._count}"
                path = self._path.with_name(stem + self._path.suffix)
                if not path.exists():
                    return Recorder(path, self._settings)
