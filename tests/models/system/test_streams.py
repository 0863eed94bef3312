"""Closed standard streams lead to nowhere and take no file's number; output that cannot be written is told."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from models.system.places import ROOT

PROGRAM = """
from models.system.streams import open_closed_streams
open_closed_streams()
import os, sys
with open(sys.argv[1], "w") as file:
    file.write(f"{file.fileno() > 2} {sys.stderr.isatty()} {sys.stdin.fileno()}")
    print("to nowhere")
    os.write(2, b"a native library's warning")
    os.system("echo a process of ours; echo complains >&2")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the shell there closes no streams")
@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_a_file_gets_a_number_of_its_own(closed, tmp_path):
    out = tmp_path / "out"
    line = f'"$@" {closed}'
    done = subprocess.run(["sh", "-c", line, "sh", sys.executable, "-c", PROGRAM, out], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr
    said = out.read_text()
    assert said.startswith("True False ") and "warning" not in said and "process" not in said


BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
PRINTS = """
from models.system.streams import output_handed_over
with output_handed_over("program", 2):
    print("a line")
"""


def run(out):
    words = [sys.executable, "-c", PRINTS]
    return subprocess.run(words, cwd=ROOT, env=BUFFERED, stdout=out, stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, a device that is always full")
def test_output_on_a_full_disk_is_told_in_words():
    with open("/dev/full", "w") as full:
        done = run(full)
    assert done.returncode == 2
    assert done.stderr == "program: standard output cannot be written: No space left on device\n"


def test_a_reader_who_has_left_is_no_error():
    read, write = os.pipe()
    os.close(read)
    done = run(write)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_letter_that_the_encoding_lacks_is_escaped():
    code = "from models.system.streams import open_closed_streams; open_closed_streams(); print('na\u00efve')"
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=ascii_only, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("na\\xefve\n", "")
