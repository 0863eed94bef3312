"""The signals that end a program: a kill and a closed terminal are answered as Ctrl-C is."""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

_HANG_UP: list[signal.Signals] = [signal.SIGHUP] if hasattr(signal, "SIGHUP") else []  # Windows has none
FROM_TERMINALS = (signal.SIGINT, *_HANG_UP)  # what a terminal sends to all its processes
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
TO_END = (signal.SIGTERM, *_HANG_UP)


@contextmanager
def on_signals(kinds: Sequence[signal.Signals], handler: Callable[[int, object], None]) -> Iterator[None]:
    """Have signals call `handler` within this; in any but the main thread, do nothing.

    A closed terminal stays ignored where it is (nohup). Where it is not, what this process prints goes nowhere from
    then on: writing to a terminal that is gone would be the next error.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def heard(number: int, frame: object) -> None:
        if number in _HANG_UP:
            _leave_terminal()
        handler(number, frame)

    heeded = [kind for kind in kinds if kind not in _HANG_UP or signal.getsignal(kind) != signal.SIG_IGN]
    usual = [signal.signal(kind, heard) for kind in heeded]
    try:
        yield
    finally:
        for kind, before in zip(heeded, usual):
            signal.signal(kind, before)


@contextmanager
def ended_as_by_ctrl_c() -> Iterator[None]:
    """Raise KeyboardInterrupt at SIGTERM and SIGHUP within this, so that nothing half-done is left behind."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    with on_signals(TO_END, interrupt):
        yield


def end_with_parent() -> None:
    """Have this process sent SIGTERM when its parent ends, however that ends; for Popen's preexec_fn. Linux alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))


def _leave_terminal() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            handle = stream.fileno()
            if stat.S_ISCHR(os.fstat(handle).st_mode):  # isatty is false once the terminal is gone
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, handle)
                os.close(nowhere)
