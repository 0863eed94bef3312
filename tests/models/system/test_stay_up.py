"""A server that native code ends starts again, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from models.system.places import ROOT
from models.system.stay_up import MOST_DEATHS

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")
SCRIPT = """
import os, signal, sys, time
from models.system.native_warnings import native_warnings_hidden
from models.system.stay_up import stay_up

def serve(first):
    print("serving", os.getpid(), first, flush=True)
    {body}

with native_warnings_hidden():
    code = stay_up(serve)
sys.exit(code)
"""
WAIT = "signal.signal(signal.SIGINT, signal.default_int_handler); signal.signal(signal.SIGTERM, signal.SIG_DFL)\n"
WAIT += """
    try:
        print("waits", flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        return 5
"""


def run(body: str) -> tuple[int, list[str], str]:
    script = SCRIPT.format(body=body)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=120)
    return done.returncode, [line for line in done.stdout.splitlines() if "serving" in line], done.stderr


def test_an_orderly_end():
    code, served, said = run("return 7")
    assert code == 7 and len(served) == 1 and served[0].endswith("True") and not said


def test_it_starts_again_and_tells_the_last_words():
    code, served, said = run('os.write(2, b"W0000 hidden\\nassertion failed"); os.abort() if first else 0; return 0')
    assert code == 0 and [line.split()[-1] for line in served] == ["True", "False"]
    assert "assertion failed" in said and "hidden" not in said
    assert "ended by SIGABRT. It starts again" in said


def test_not_for_ever():
    code, served, said = run("os.abort()")
    assert code == 128 + signal.SIGABRT and len(served) == MOST_DEATHS + 1
    assert said.strip().endswith("Start it again with the same command.")


def test_who_kills_it_means_it():
    code, served, said = run("os.kill(os.getpid(), signal.SIGKILL)")
    assert code == 128 + signal.SIGKILL and len(served) == 1 and "ended by SIGKILL. Start it again" in said


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 5), (signal.SIGTERM, 143), (signal.SIGHUP, 143), (signal.SIGKILL, -9)]
)
def test_it_ends_with_its_parent(number, code):
    script = SCRIPT.format(body=WAIT)
    heed = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # noqa: E731  # these tests may run with Ctrl-C ignored
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT, preexec_fn=heed
    ) as process:
        server = int(process.stdout.readline().split()[1])
        assert process.stdout.readline() == "waits\n"
        process.send_signal(number)
        assert process.wait(60) == code
        for _ in range(600):
            if not is_running(server):
                return
            time.sleep(0.1)
    raise AssertionError("the server goes on alone")


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    try:  # what has ended and was not waited for yet
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
