"""The files that `classify` writes: events of each input as JSON lines, one summary of all. Whole or not at all."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from app.recording import Summary
from app.types import ActionEvent

COLUMNS = ("input", "label", "score", "second", "third", "frames", "seconds", "fps", "people", "status")
_LONGEST_NAME = 200  # bytes; file systems stop at 255 and the temporary name is longer


class OutputError(Exception):
    """The results cannot be written; the message is one sentence for the user."""


class WholeFile:
    """A text file that appears under its name only when complete.

    Raises:
        OutputError: the folder cannot be written, or the disk is full (also from write and commit).
    """

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_name(f".{path.name}.{os.getpid()}.part")
        with self._told():
            self._file: IO[str] = open(self._part, "w", encoding="utf-8", errors="backslashreplace", newline="")  # noqa: SIM115

    def write(self, text: str) -> None:
        """Add text."""
        with self._told():
            self._file.write(text)

    def flush(self) -> None:
        """Hand everything to the disk now, which may be full."""
        with self._told():
            self._file.flush()

    def commit(self) -> None:
        """Give the file its name, in place of an older one."""
        with self._told():
            self._file.close()
            os.replace(self._part, self._path)

    def discard(self) -> None:
        """Leave nothing behind; harmless after commit."""
        with suppress(OSError):  # a full disk may refuse the last flush
            self._file.close()
        with suppress(OSError):
            self._part.unlink()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError(f"cannot write {self._path}: {reason}; free some space or choose another --out") from None


class Report:
    """One folder of results. The summary is written when the report is closed, even by an error or Ctrl-C.

    Raises:
        OutputError: the folder cannot be made or written.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {folder}: {error.strerror}; choose another --out") from None
        self._names: set[str] = set()
        self._summary = WholeFile(self.folder / "summary.csv")
        self._rows = csv.writer(self._summary, lineterminator="\n")
        self._rows.writerow(COLUMNS)

    def __enter__(self) -> Report:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._summary.commit()
        except OutputError:
            self._summary.discard()
            if error is None:  # else the first error is the one to tell
                raise

    @contextmanager
    def events(self, source: str, stem: str) -> Iterator[Callable[[ActionEvent], None]]:
        """A writer of the events of one input. The file appears at the end of the `with`, unless it fails.

        Args:
            source: the input, as the user named it.
            stem: what the file is called, made unique among this report's files.
        """
        file = WholeFile(self.folder / f"{self._unique(stem)}.jsonl")
        try:
            yield lambda event: file.write(event_line(source, event) + "\n")
            file.commit()
        finally:
            file.discard()

    def add(self, source: str, summary: Summary) -> None:
        """Add the input's row to the summary."""
        judged = bool(summary.ranked)
        self._rows.writerow(
            [source, summary.label, f"{summary.score:.4f}" if judged else "", summary.place(1), summary.place(2)]
            + [summary.frames, f"{summary.seconds:.3f}", f"{summary.fps:.3f}", summary.people, summary.status]
        )
        self._summary.flush()  # a full disk ends the run here, not hours later

    def _unique(self, stem: str) -> str:
        """`stem`, or `stem-2` and so on where it is taken; file systems may not tell upper from lower case."""
        while len(os.fsencode(stem)) > _LONGEST_NAME:
            stem = stem[:-1]
        name, count = stem, 1
        while name.casefold() in self._names:
            count += 1
            name = f"{stem}-{count}"
        self._names.add(name.casefold())
        return name


def event_line(source: str, event: ActionEvent) -> str:
    """One event as a line of JSON: times in seconds to the millisecond, scores to four digits."""
    return json.dumps(
        {
            "input": source,
            "person": event.person,
            "label": event.label,
            "start": round(event.start_s, 3),
            "end": round(event.end_s, 3),
            "score": round(event.score, 4),
            "top3": [[label, round(score, 4)] for label, score in event.top3],
            "modality_scores": {name: round(score, 4) for name, score in event.modality_scores.items()},
        }
    )
