"""The inputs of a run: how they are found, told apart, and named in the results."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.classify.formats import no_formula
from app.landmarks.file_format import RECORD_SUFFIX, is_recording
from app.sources.camera import camera_name, camera_source
from app.sources.camera_network import SCHEMES
from app.sources.folders import in_words, look_into
from app.sources.frames import CameraError
from app.sources.kinds import is_annotated, is_passed_over, is_video
from models.system.addresses import nearly
from models.system.options import at_home

CLIPS_SUFFIX = ".npz"
VIDEO, LIVE, LANDMARKS, CLIPS = "video", "live", "landmarks", "clips"
_CAMERA = "camera:"
_FILMS = (".mp4", ".m4v", ".mov", ".avi")  # kinds of file that are complete before they are sent, so not live
_WATCHED = f"give a camera's address ({', '.join(f'{scheme}://' for scheme in SCHEMES)})"
_LONGEST_NAME = 180  # bytes; file systems stop at 255, and suffixes and temporary names come on top
CLIP_NUMBER = re.compile(r"(#\d+)+$")


@dataclass(frozen=True, slots=True)
class InputJob:
    """One input of a run.

    Attributes:
        number: its place among the inputs, from 0.
        kind: VIDEO, LIVE, LANDMARKS or CLIPS.
        target: the file, the camera's number or the stream's address.
        source: what results call it; never holds a password.
        shown: what messages call it; never holds a password.
        name: what its files of results are called, without a suffix.
        problem: why there is nothing to do, "" where there is.
    """

    number: int
    kind: str
    target: Path | int | str
    source: str
    shown: str
    name: str
    problem: str = ""


def find(inputs: Iterable[str], recursive: bool = False, leave_out: Collection[Path] = ()) -> list[Path | int | str]:
    """Return the files, cameras and addresses that the inputs stand for, each once, in order.

    A folder stands for the inputs directly in it, and with `recursive` for those in its subfolders too, links to
    folders among them. Annotated videos are left out; app.batch.remarks tells what a folder leaves out. A pattern
    stands for what it matches (`**` for subfolders); `camera:0` and addresses stand for live
    pictures. An input that matches nothing is returned as it is, so that it is reported.

    Args:
        inputs: as the user named them.
        recursive: whether folders are searched to their ends.
        leave_out: resolved files that folders and patterns leave out (results of an earlier run).
    """
    done: set[Path | int | str] = set()
    found: list[Path | int | str] = []
    for text in inputs:
        for target in _behind(text, recursive, leave_out):
            key = real(target) if isinstance(target, Path) else target
            if key not in done:
                done.add(key)
                found.append(target)
    return found


def real(path: Path) -> Path:
    """Resolve all links of a path; unlike Path.resolve it takes any path, even links in a circle and names too long."""
    return Path(os.path.realpath(path))


def printable(text: str) -> str:
    """Return a text on one line, in which characters that a terminal obeys or an encoding lacks are escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


def live(text: str) -> int | str | None:
    """Return the camera's number or the stream's address that the text names, or None if it names neither.

    Raises:
        CameraError: the text looks like a camera or an address but cannot be one.
    """
    if text.lower().startswith(_CAMERA):
        number = camera_source(text[len(_CAMERA) :])
        if isinstance(number, str):
            raise CameraError(f"{_CAMERA} takes a camera's number, such as {_CAMERA}0; an address stands alone")
        return number
    if "://" in text:
        scheme = text.partition("://")[0].lower()
        if scheme == "file":
            raise CameraError("a file is named by its path, such as /home/me/film.mp4, without file://")
        if scheme.isalnum() and scheme not in SCHEMES:
            raise CameraError(f"{scheme}:// is not opened; download the film and name the file, or {_WATCHED}")
        return _address(text)
    if nearly(text) and not os.path.lexists(text):  # not shown: it may hold a password
        raise CameraError("an input looks like an address, but is none; addresses begin as in rtsp://HOST/PATH")
    return None


def _behind(text: str, recursive: bool, leave_out: Collection[Path]) -> Sequence[Path | int | str]:
    source = live(text)
    if source is not None:
        return [source]
    text = at_home(text)
    path = Path(text)
    if os.path.isdir(path):
        inside = look_into(path, recursive)
        files = [file for file in inside.files if not is_annotated(file)]
        return sorted(_known(files, leave_out) + inside.closed) or [path]
    if not is_pattern(text):
        return [path]
    return _known(matches(text), leave_out) or [path]


def is_pattern(text: str) -> bool:
    """Return whether an input is a pattern, and not the name of what is there."""
    return glob.has_magic(text) and not os.path.exists(text)


def matches(pattern: str) -> list[Path]:
    """Return what a pattern matches; the folders at its beginning that are there may have brackets in their names."""
    there, rest = Path(), list(Path(pattern).parts)
    while len(rest) > 1 and os.path.isdir(there / rest[0]):
        there /= rest.pop(0)
    found = sorted(glob.glob(os.path.join(glob.escape(str(there)), *rest), recursive=True))
    return [path for path in map(Path, found) if not any(map(is_passed_over, path.relative_to(there).parts))]


def _address(text: str) -> str:
    address = camera_source(text)
    assert isinstance(address, str)
    if re.sub(r"[?#].*", "", address, flags=re.DOTALL).lower().endswith(_FILMS):
        raise CameraError(
            f"{camera_name(address)}: this looks like a file, and addresses are watched live, as cameras are; "
            "download it, and name the file"
        )
    return address


def _known(paths: Iterable[Path], leave_out: Collection[Path]) -> list[Path]:
    return sorted(path for path in paths if is_input(path) and not (leave_out and real(path) in leave_out))


def is_input(path: Path) -> bool:
    """Return whether a file is a video, recorded landmarks or recorded skeletons, by its name or its content."""
    known = path.suffix.lower() in (CLIPS_SUFFIX, RECORD_SUFFIX) or is_video(path)
    return known and not is_passed_over(path.name) and os.path.isfile(path)


def make_jobs(targets: Sequence[Path | int | str], keep: dict[Path, str] | None = None) -> list[InputJob]:
    """Make a job for each target.

    Args:
        targets: what `find` found.
        keep: names of results that stay as they are, by resolved file.
    """
    keep = keep or {}
    names = Names(keep.values())
    jobs = []
    for number, (target, source) in enumerate(zip(targets, sources(targets))):
        kept = keep.get(real(target)) if isinstance(target, Path) else None
        name = kept or names.new(target.stem if isinstance(target, Path) else _plain(source))
        shown = printable(str(target)) if isinstance(target, Path) else source
        jobs.append(InputJob(number, _kind(target), target, source, shown, name, _problem(target)))
    return jobs


def sources(targets: Sequence[Path | int | str]) -> list[str]:
    """Return the name of each target in the results.

    A file is called by its name, or by its path if two files share the name. A camera has its own name.
    """
    names = Counter(target.name for target in targets if isinstance(target, Path))
    cameras: Counter[str] = Counter()
    called = []
    for target in targets:
        if isinstance(target, Path):
            name = target.name if target.name and names[target.name] == 1 else str(target)
            called.append(no_formula(name))
        else:  # addresses that differ only in their passwords look alike
            name = camera_name(target)
            cameras[name] += 1
            called.append(name if cameras[name] == 1 else f"{name} ({cameras[name]})")
    return called


def _kind(target: Path | int | str) -> str:
    if not isinstance(target, Path):
        return LIVE
    if target.suffix.lower() in (CLIPS_SUFFIX, ".npy"):  # of a single array the reader says what to do
        return CLIPS
    return LANDMARKS if is_recording(target) else VIDEO


def _problem(target: Path | int | str) -> str:
    if not isinstance(target, Path):
        return ""
    if device := re.fullmatch(r"/dev/video(\d+)", str(target)):
        return f"the cameras of this machine are named by their numbers: {_CAMERA}{device[1]}"
    if str(target) == "-" and not os.path.lexists(target):
        return "nothing is read from standard input; name a file"
    if os.path.isdir(target):
        if not os.access(target, os.R_OK | os.X_OK):
            return "you may not read this folder"
        hints = "folders in it need --recursive; *.annotated.mp4 are results"
        return f"no video, no .npz and no .ikem file in this folder ({hints})"
    if is_pattern(str(target)):
        others = matches(str(target))
        none = "nothing that matches this pattern is read (neither video nor .npz nor .ikem, or an earlier result)"
        return f"{none}: {in_words(others)}" if others else "no file matches this pattern"
    return ""


def _plain(source: str) -> str:
    """Turn a camera's name into a file name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", source.partition("://")[2] or source).strip("-.") or "camera"


class Names:
    """Unique file names, even where a file system ignores case.

    `a#3` is kept apart from `a`, whose third clip may be called so.

    Args:
        taken: names that are already in use.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {_key(name) for name in taken}

    def new(self, stem: str) -> str:
        """Return `stem`, or `stem-2` and so on if it is taken."""
        while len(os.fsencode(stem)) > _LONGEST_NAME:
            stem = stem[:-1]
        name, count = stem, 1
        while _key(name) in self._taken:
            count += 1
            name = f"{stem}-{count}"
        self._taken.add(_key(name))
        return name


def _key(name: str) -> str:
    return CLIP_NUMBER.sub("", name).casefold()
