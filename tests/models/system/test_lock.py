"""One run at a time: only a lock that another holds counts as another run, and every end of a process ends its lock."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.batch.journal import Journal
from models.system import lock
from models.system.atomic import OutputError
from models.system.lock import InUseError, alone, hold
from models.system.places import ROOT

BUSY = "somebody is at work here"
# Holds the lock and starts a process that sleeps; says the number of that process.
HOLDER = """
import subprocess, sys, time
from pathlib import Path
from models.system.lock import alone

with alone(Path(sys.argv[1]), "") as lock:
    passed = (lock,) if sys.argv[2] == "pass it on" else ()
    print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], pass_fds=passed).pid, flush=True)
    time.sleep(600)
"""


def holder(folder: Path, how: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder), how], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def is_free(folder: Path, within_s: float = 0.0) -> bool:
    end = time.monotonic() + within_s
    while True:
        try:
            with alone(folder, BUSY):
                return True
        except InUseError as error:
            assert str(error) == BUSY
        if time.monotonic() >= end:
            return False
        time.sleep(0.05)


def is_free_for_classify(folder: Path, within_s: float) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            with Journal(folder):
                return True
        except OutputError as error:
            assert "another run" in str(error)
            time.sleep(0.05)
    return False


def test_one_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    with alone(folder, BUSY), pytest.raises(ValueError, match=BUSY), alone(folder, BUSY):
        pass
    assert is_free(folder)
    with hold(folder / "lock", BUSY), pytest.raises(InUseError, match=BUSY):
        hold(folder / "lock", BUSY)


@pytest.mark.skipif(os.name == "nt", reason="Windows passes no files on")
@pytest.mark.parametrize(("how", "kept"), [("pass it on", True), ("keep it", False)])
def test_a_killed_process_leaves_the_lock_to_those_that_it_passed_it_to(how: str, kept: bool, tmp_path: Path) -> None:
    process, child = holder(tmp_path, how)
    try:
        assert not is_free(tmp_path)
        process.kill()
        process.wait()
        assert is_free(tmp_path, within_s=0.0 if kept else 10.0) is not kept
    finally:
        process.kill()
        os.kill(child, signal.SIGKILL)
        process.communicate()
    assert is_free(tmp_path, within_s=10.0)


@pytest.mark.skipif(os.name == "nt", reason="Windows passes no files on")
def test_a_run_that_ends_does_not_unlock_what_it_passed_on(tmp_path: Path) -> None:
    with alone(tmp_path, BUSY) as handle:
        assert handle is not None
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(handle,))
    assert not is_free(tmp_path)
    child.communicate(b"\n")
    assert is_free(tmp_path)


def test_classifys_workers_do_not_hold_its_folder(tmp_path: Path) -> None:
    with Journal(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    try:  # the child drops its parent's files a moment after Popen returns
        assert is_free_for_classify(tmp_path, within_s=10.0) and child.poll() is None
    finally:
        child.communicate(b"\n")


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP])
def test_a_file_system_without_locks_is_no_error(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> bool:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(lock, "lock_descriptor", refuse)
    with alone(tmp_path, BUSY), alone(tmp_path, BUSY), Journal(tmp_path), Journal(tmp_path):
        pass


@pytest.mark.parametrize("code", [errno.EIO, errno.EBADF])
def test_other_errors_are_told_as_what_they_are(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> bool:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(lock, "lock_descriptor", refuse)
    with pytest.raises(OSError, match=os.strerror(code)) as caught, alone(tmp_path, BUSY):
        pass
    assert not isinstance(caught.value, InUseError)
    with pytest.raises(OutputError, match=f"cannot write in .*: {os.strerror(code)}; choose another --out"):
        Journal(tmp_path)


def test_a_lock_that_cannot_be_opened_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    (tmp_path / ".classify-lock").mkdir()
    with pytest.raises(OSError, match="Is a directory"), alone(tmp_path, BUSY):
        pass
    with pytest.raises(OutputError, match="cannot write in .*: Is a directory; choose another --out"):
        Journal(tmp_path)


def test_where_files_cannot_be_passed_on_there_is_none_to_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_PASSES_FILES_ON", False)
    with alone(tmp_path, BUSY) as handle:
        assert handle is None and not is_free(tmp_path)
