"""Native warnings are hidden, Python's own messages are not."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
