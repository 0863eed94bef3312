"""Closed standard streams lead to nowhere, and take no file's number."""

from __future__ import annotations

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
