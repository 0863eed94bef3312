"""The journal of a folder of results: what it holds and how that was made, so that an interrupted run can go on.

It has a line of JSON for each input, which is added when the input's files are in their places. A line that was cut off
by the end of a run is ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar

from app.batch.jobs import CLIP_NUMBER
from app.batch.outputs import EVENTS, EVENTS_SUFFIX, SUMMARY, clear_parts
from models.system.atomic import OutputError, WholeFile
from models.system.lock import InUseError, hold

JOURNAL, LOCK = ".classify-journal", ".classify-lock"
Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished input in the journal.

    Attributes:
        path: the resolved file.
        size, changed_ns: of the file, before it was read.
        made_by: options and model, as one text.
        source, name: what the results call it, and what its files are called.
        rows: its rows of the summary.
        files: sizes of its files of results, by name.
    """

    path: str
    size: int
    changed_ns: int
    made_by: str
    source: str
    name: str
    rows: list[list[str]] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)


def file_state(path: Path) -> tuple[int, int] | None:
    """Return a file's size in bytes and time of last change in nanoseconds, or None if there is no such file."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns


class Journal:
    """The journal of one folder of results, for one run at a time; a context manager.

    Attributes:
        entries: what earlier runs left, by resolved file.
        results: names of files of results in the folder, of any run.
        begun: whether a run has begun in the folder before.

    Raises:
        OutputError: the folder cannot be made or written, or another run writes there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[str] | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise OutputError(f"{folder} is a file: choose another --out") from None
        except OSError as error:
            raise OutputError(f"cannot make the folder {folder}: {error.strerror}; choose another --out") from None
        self._lock = _hold(folder)
        self.entries: dict[str, Entry] = {}
        self.results: set[str] = set()
        self.begun = (folder / JOURNAL).is_file()
        for kind, content in _lines(folder / JOURNAL):
            with suppress(TypeError, AttributeError):
                if kind == "done":
                    entry = Entry(**content)
                    self.entries[entry.path] = entry
                    self.results.update(entry.files)
                elif kind == "results":
                    self.results.update(content)
        _clear(folder)

    def others(self, keep: dict[str, Entry]) -> int:
        """Count the earlier inputs that have results in the folder, without those to keep."""
        names = self.results - {name for entry in keep.values() for name in entry.files}
        names = {name for name in names if name.endswith(EVENTS_SUFFIX) and (self._folder / name).exists()}
        return len({CLIP_NUMBER.sub("", name.removesuffix(EVENTS_SUFFIX)) for name in names})

    def begin(self, keep: dict[str, Entry]) -> None:
        """Start the journal anew with the entries that still hold; `add` appends to them."""
        old = self.results - {name for entry in keep.values() for name in entry.files}
        old = {name for name in old if (self._folder / name).exists()}
        with WholeFile(self._folder / JOURNAL) as whole:
            whole.write(_line("results", sorted(old)))
            for entry in keep.values():
                whole.write(_line("done", asdict(entry)))
        self._file = self._told(lambda: open(self._folder / JOURNAL, "a", encoding="utf-8"))  # noqa: SIM115

    def add(self, entry: Entry) -> None:
        """Record that an input is done, so that it outlives this process."""
        self._write("done", asdict(entry))

    def add_results(self, names: Iterable[str]) -> None:
        """Record result files of an input that cannot be recognised as the same next time (such as a camera)."""
        self._write("results", sorted(names))

    def holds(self, entry: Entry, made_by: str, source: str) -> bool:
        """Return whether an entry's results are complete and are what this run would make of the same file."""
        same = (entry.size, entry.changed_ns) == file_state(Path(entry.path))
        same = same and (entry.made_by, entry.source) == (made_by, source)
        return same and all(
            (state := file_state(self._folder / name)) is not None and state[0] == size
            for name, size in entry.files.items()
        )

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        _clear(self._folder)
        self._lock.close()

    def _write(self, kind: str, content: object) -> None:
        assert self._file is not None, "begin comes first"
        file = self._file
        self._told(lambda: (file.write(_line(kind, content)), file.flush()))

    def _told(self, do: Callable[[], Given]) -> Given:
        try:
            return do()
        except OSError as error:
            raise OutputError(
                f"cannot write {self._folder / JOURNAL}: {error.strerror}; free some space or choose another --out"
            ) from None


def _hold(folder: Path) -> IO[bytes]:
    """Take the folder's lock, which ends with this process because no worker inherits it."""
    try:
        return hold(folder / LOCK, f"another run writes its results into {folder}")
    except InUseError as error:
        raise OutputError(f"{error}; wait for it, or choose another --out") from None
    except OSError as error:
        raise OutputError(f"cannot write in {folder}: {error.strerror}; choose another --out") from None


def _clear(folder: Path) -> None:
    """Remove the unfinished files of an interrupted run."""
    clear_parts(folder)
    for name in (JOURNAL, SUMMARY, EVENTS):
        for part in folder.glob(f".{name}.*.part"):
            with suppress(OSError):
                part.unlink()


def _line(kind: str, content: object) -> str:
    return json.dumps([kind, content]) + "\n"


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                with suppress(ValueError, TypeError):
                    kind, content = json.loads(line)
                    yield kind, content
    except (OSError, UnicodeDecodeError):
        return
