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
