"""Native warnings are hidden, Python's own messages are not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from models.system.last_words import LastWords
from models.system.places import ROOT

SCRIPT = """
import os, sys
from models.system.native_warnings import native_warnings_hidden
with native_warnings_hidden():
    os.write(2, b"native\\n")
    print("ours", file=sys.stderr)
os.write(2, b"after\\n")
"""


@pytest.mark.parametrize(("flags", "shown"), [([], ["ours", "after"]), (["-X", "dev"], ["native", "ours", "after"])])
def test_only_native_warnings_are_hidden(flags, shown):
    done = subprocess.run([sys.executable, *flags, "-c", SCRIPT], capture_output=True, text=True, check=True, cwd=ROOT)
    assert [line for line in done.stderr.splitlines() if line in ("native", "ours", "after")] == shown


SIDE_BY_SIDE = """
import logging, os, sys, threading
from models.system.native_warnings import native_warnings_hidden
usual, inside, go = sys.stderr, threading.Barrier(9), threading.Event()
def work():
    with native_warnings_hidden():
        inside.wait()
        os.write(2, b"native\\n")
        go.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
inside.wait()
log = logging.StreamHandler()  # takes the stderr of this moment, and keeps it
go.set()
for thread in threads: thread.join()
with native_warnings_hidden():
    os.write(2, b"native\\n")
assert sys.stderr is usual
os.write(2, b"after\\n")
log.emit(logging.LogRecord("", 40, "", 0, "logged", None, None))
"""


def test_threads_side_by_side_leave_stderr_as_it_was():
    done = subprocess.run([sys.executable, "-c", SIDE_BY_SIDE], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stderr == "after\nlogged\n"


DEATH = """
import os, sys
from models.system.native_warnings import native_warnings_hidden
with native_warnings_hidden():
    os.write(2, b"W0000 00:00:1.2 a.cc:1] a warning" + bytes([10]) + b"INFO: made" + bytes([10]))
    os.write(2, 200 * (b"2026-11-29 [W:onnxruntime:, a.cc:1] another" + bytes([10])))
    os.write(2, b"what(): OpenCV failed" + bytes([10]))
    {end}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the words are kept in a memory file, which only Linux has")
@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("os.abort()", ["OpenCV failed", "Fatal Python error: Aborted", "line 8 in"]),
        ("import ctypes; ctypes.string_at(0)", ["OpenCV failed", "Fatal Python error: Segmentation fault"]),
        ("os.kill(os.getpid(), 9)", ["OpenCV failed"]),
        ("pass", []),
        ("sys.exit(1)", []),
    ],
)
def test_last_words_are_told(end, told):
    done = subprocess.run([sys.executable, "-c", DEATH.format(end=end)], capture_output=True, text=True, cwd=ROOT)
    assert all(words in done.stderr for words in told) and bool(done.stderr) == bool(told)
    assert "warning" not in done.stderr and "onnxruntime" not in done.stderr and "INFO" not in done.stderr


def test_what_was_hidden_long_ago_is_forgotten(tmp_path):
    out = (tmp_path / "out").open("w")
    words = LastWords(out)
    os.write(words.file, b"a line\n" * 1000)
    words.forget_old()
    assert len(words.tell()) > 4000 and not words.tell()
    os.write(words.file, bytes(2 << 20))
    words.forget_old()
    os.write(words.file, b"W0000 warning\nthe newest\n")
    assert words.tell() == "the newest"
    words.close()
    assert not (tmp_path / "out").read_text()
