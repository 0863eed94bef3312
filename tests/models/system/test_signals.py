"""A kill and a closed terminal are answered as Ctrl-C is, and nohup keeps its meaning."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from models.system.signals import _leave_terminal, ended_as_by_ctrl_c

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
KINDS = pytest.mark.parametrize("kind", ["SIGTERM", "SIGHUP"])


@KINDS
def test_a_signal_raises_what_ctrl_c_does(kind):
    number, done = getattr(signal, kind), False
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), ended_as_by_ctrl_c():
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            done = True
    assert done and signal.getsignal(number) == before


def test_nohup_goes_on():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_as_by_ctrl_c():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_is_printed_to_a_terminal_that_is_gone_goes_nowhere(monkeypatch):
    ours, terminal = os.openpty()
    with os.fdopen(terminal, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        os.close(ours)  # as a window does that is closed
        with pytest.raises(OSError):
            os.write(terminal, b"x")
        _leave_terminal()
        print("stopped", file=sys.stderr, flush=True)
        monkeypatch.undo()
