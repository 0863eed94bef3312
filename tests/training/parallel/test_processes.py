"""Work in several processes ends at once when the user says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.system.lock import alone
from models.system.places import ROOT

PROGRAM = """
import signal, sys, time
from pathlib import Path
from training.parallel.processes import side_by_side

def work(i):
    Path(sys.argv[1], str(i)).touch()
    time.sleep(600)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would inherit it ignored
    try:
        list(side_by_side(work, range(4), 2))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def test_ctrl_c_ends_all(tmp_path: Path) -> None:
    script, begun = tmp_path / "program.py", tmp_path / "begun"
    script.write_text(PROGRAM)
    begun.mkdir()
    root = ROOT
    process = subprocess.Popen(
        [sys.executable, script, begun], start_new_session=True, env={**os.environ, "PYTHONPATH": str(root)}
    )
    try:
        while len(list(begun.iterdir())) < 2:
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
        assert process.wait(120) == 130
        assert len(list(begun.iterdir())) == 2  # the others were not begun
        for _ in range(600):
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)
        raise AssertionError("a worker goes on")
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def test_processes_that_a_killed_run_left_behind_keep_the_folder(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with alone(tmp_path, "") as lock:
        left = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=(lock,))
    try:
        with pytest.raises(ValueError, match="left behind"), alone(tmp_path, "left behind"):
            pass
    finally:
        left.communicate(b"\n")
    with alone(tmp_path, ""):
        pass
