"""Files appear whole, last through a power failure, and say in words why they cannot be written."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from models.system import atomic
from models.system.atomic import (
    OutputError,
    WholeFile,
    move_into_place,
    replacing,
    write_json,
    write_text,
    write_together,
    write_whole,
)

TEXT = "a line of what is new\n"


def by_whole_file(path: Path) -> None:
    with WholeFile(path) as file:
        file.write(TEXT[:5])
        file.write(TEXT[5:])


def by_commit(path: Path) -> None:
    file = WholeFile(path)
    try:
        file.write(TEXT)
        file.commit()
    finally:
        file.discard()


def by_replacing(path: Path) -> None:
    with replacing(path) as part:
        part.write_text(TEXT)


WAYS: dict[str, Callable[[Path], object]] = {
    "WholeFile": by_whole_file,
    "commit": by_commit,
    "replacing": by_replacing,
    "write_whole": lambda path: write_whole(path, lambda part: part.write_text(TEXT)),
    "write_text": lambda path: write_text(path, TEXT),
    "write_together": lambda path: write_together({path: TEXT.encode()}),
}
every_way = pytest.mark.parametrize("write", WAYS.values(), ids=WAYS)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What is handed to the disk or moved, as it happens, with the content or the place."""
    seen: list[tuple[str, str]] = []
    fsync, replace = os.fsync, os.replace

    def watched_fsync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            assert os.path.samestat(os.fstat(handle), os.stat(tmp_path))
            seen.append(("folder", ",".join(names(tmp_path))))
        else:
            seen.append(("file", os.pread(handle, 100, 0).decode()))
        fsync(handle)

    def watched_replace(part: Path, path: Path) -> None:
        seen.append(("move", path.name))
        replace(part, path)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    return seen


@every_way
def test_content_then_name_then_folder(
    write: Callable[[Path], object], tmp_path: Path, steps: list[tuple[str, str]]
) -> None:
    write(tmp_path / "a.txt")
    assert steps == [("file", TEXT), ("move", "a.txt"), ("folder", "a.txt")]


def test_what_a_library_replaced_is_handed_to_the_disk(tmp_path: Path, steps: list[tuple[str, str]]) -> None:
    """Some write a file of their own and move it over the given one, private to the user."""

    def write(part: Path) -> None:
        part.unlink()
        part.touch(mode=0o600)
        part.write_text("other")

    write_whole(tmp_path / "a", write)
    assert steps == [("file", "other"), ("move", "a"), ("folder", "a")]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


def test_a_staged_file_is_handed_to_the_disk_when_it_moves(tmp_path: Path, steps: list[tuple[str, str]]) -> None:
    (stage := tmp_path / "stage").mkdir()
    with WholeFile(stage / "a", staged=True) as file:
        file.write(TEXT)
    assert steps == [("move", "a")]
    move_into_place({stage / "a": tmp_path / "a"})
    assert steps[1:] == [("file", TEXT), ("move", "a"), ("folder", "a,stage")]


def test_several_files_share_one_folder(tmp_path: Path, steps: list[tuple[str, str]]) -> None:
    write_together({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert steps == [("file", "1"), ("file", "2"), ("move", "a"), ("move", "b"), ("folder", "a,b")]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize(("umask", "own", "shared"), [(0o022, 0o644, 0o644), (0o077, 0o600, 0o644)])
def test_who_may_read_it(umask: int, own: int, shared: int, tmp_path: Path) -> None:
    before = os.umask(umask)
    try:
        for name, write in WAYS.items():
            write(tmp_path / name)
    finally:
        os.umask(before)
    modes = {name: (tmp_path / name).stat().st_mode & 0o777 for name in WAYS}
    assert {modes[name] for name in ("WholeFile", "commit", "replacing")} == {own}
    assert {modes[name] for name in ("write_whole", "write_text", "write_together")} == {shared}


@every_way
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_alone(
    step: str, write: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("old")

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, fail)
    with pytest.raises((OSError, ValueError, OutputError), match="No space left on device"):
        write(tmp_path / "a.txt")
    assert names(tmp_path) == ["a.txt"] and (tmp_path / "a.txt").read_text() == "old"


@pytest.mark.parametrize("way", ["WholeFile", "replacing", "write_whole"])
def test_a_writer_that_breaks_leaves_the_old_file_alone(way: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def breaks(part: Path) -> None:
        part.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        if way == "WholeFile":
            with WholeFile(path) as file:
                file.write("half")
                raise KeyboardInterrupt
        elif way == "replacing":
            with replacing(path) as part:
                breaks(part)
        else:
            write_whole(path, breaks)
    assert names(tmp_path) == ["a.txt"] and path.read_text() == "old"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, a device that is always full")
def test_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    words = r"cannot write .*a\.txt: No space left on device; free some space"
    with pytest.raises(OutputError, match=words), WholeFile(tmp_path / "a.txt") as file:
        file._file.close()
        file._file = open("/dev/full", "w")  # noqa: SIM115
        file.write("x" * 100_000)
    assert names(tmp_path) == []


def test_a_move_that_fails_takes_back_those_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def fail(part: Path, path: Path) -> None:
        if path.name == "b":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        replace(part, path)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(ValueError, match=r"a and .*b cannot be written \(Input/output error\): make room"):
        write_together({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert names(tmp_path) == []


@pytest.mark.parametrize("step", ["open", "fsync"])
def test_a_system_that_syncs_no_folders_is_no_error(step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows opens none; some network shares refuse to sync one."""
    usual = getattr(os, step)

    def refuse(what: object, *rest: object) -> object:
        if what == tmp_path or (isinstance(what, int) and stat.S_ISDIR(os.fstat(what).st_mode)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return usual(what, *rest)

    monkeypatch.setattr(os, step, refuse)
    write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is a folder: name a file in it"):
        write_text(tmp_path, "")
    with pytest.raises(ValueError, match="cannot write .*; choose another place"):
        write_text(tmp_path / "file" / "below", "")
    with pytest.raises(OutputError, match="choose another --out"):
        WholeFile(tmp_path / "none" / "a")
    write_text(tmp_path / "made" / "here" / "a", "")  # folders are made
    assert (tmp_path / "made" / "here" / "a").exists()


def test_streamed_text_keeps_its_line_ends_and_what_is_no_unicode(tmp_path: Path) -> None:
    with WholeFile(tmp_path / "a") as file:
        file.write("a\r\nb\n\udcff\n")
    assert (tmp_path / "a").read_bytes() == b"a\r\nb\n\\udcff\n"


def test_json(tmp_path: Path) -> None:
    write_json(tmp_path / "a", {"b": [1]})
    assert (tmp_path / "a").read_text() == '{\n  "b": [\n    1\n  ]\n}\n'
    write_json(tmp_path / "a", {"b": 1}, indent=1)
    assert (tmp_path / "a").read_text() == '{\n "b": 1\n}\n' and json.loads((tmp_path / "a").read_text()) == {"b": 1}


def test_files_move_to_several_folders(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / f"{name}.part").write_text(name)
    move_into_place({tmp_path / f"{name}.part": tmp_path / name / "a" for name in ("x", "y")})
    assert names(tmp_path) == ["x", "y"] and (tmp_path / "y" / "a").read_text() == "y"


def test_nothing_else_moves_files_or_names_parts() -> None:
    """One writer for all: elsewhere nothing is put in place of a file."""
    from models.system.places import ROOT

    folders = ("app", "models", "training", "export")
    every = [path for folder in folders for path in (ROOT / folder).rglob("*.py") if path != Path(atomic.__file__)]
    assert len(every) > 200
    for path in every:
        text = path.read_text(encoding="utf-8")
        for word in ("os.replace", "os.fsync", "mkstemp", "NamedTemporaryFile", '".part"', '".tmp"'):
            assert word not in text, f"{path.relative_to(ROOT)}: {word}; use models.system.atomic"


@every_way
def test_a_link_stays_and_what_it_leads_to_is_replaced(write: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "real").write_text("old\n")
    (tmp_path / "link").symlink_to("disk/real")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "disk" / "real").read_text() == TEXT
    assert names(tmp_path / "disk") == ["real"] and names(tmp_path) == ["disk", "link"]


@every_way
def test_links_in_a_circle_are_told_in_words(write: Callable[[Path], object], tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("link")
    with pytest.raises((OutputError, ValueError, OSError)):
        write(tmp_path / "link")
    assert names(tmp_path) == ["link"]
