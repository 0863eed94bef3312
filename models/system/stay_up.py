"""A server that starts again when native code ends it: one picture of a stranger must not end it for everybody."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from models.system.native_warnings import last_words

MOST_DEATHS, WITHIN_S = 5, 600.0
_NATIVE = {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
_PASSED_ON = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
_PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>


def stay_up(serve: Callable[[bool], int]) -> int:
    """Serve in a child process, and again in another one when native code has ended it; return its exit code.

    The child gets Ctrl-C, SIGTERM and SIGHUP (as SIGTERM) from this process, and ends with it. It is forked, so this is
    called before anything large is imported. In a process with threads there is no such child.

    Args:
        serve: called in the child with whether it is the first one; returns the exit code. It returns, and raises, into
            the child's copy of the caller.
    """
    if threading.active_count() > 1 or not hasattr(os, "fork"):
        return serve(True)
    deaths: list[float] = []
    while True:
        code = _in_child(partial(serve, not deaths))
        if not isinstance(code, signal.Signals):
            return code
        words = last_words()
        print(*[words] if words else [], f"The server was ended by {code.name}.", sep="\n", end=" ", file=sys.stderr)
        now = time.monotonic()
        deaths = [*(at for at in deaths if now - at < WITHIN_S), now]
        if code not in _NATIVE or len(deaths) > MOST_DEATHS:
            print("Start it again with the same command.", file=sys.stderr, flush=True)
            return 128 + code
        print("It starts again; what visitors taught is lost.", file=sys.stderr, flush=True)


def _in_child(serve: Callable[[], int]) -> int | signal.Signals:
    """Run it in a child process; return its exit code in both, and in the parent the signal that ended the child."""
    parent, usual = os.getpid(), {number: signal.getsignal(number) for number in _PASSED_ON}
    heard: list[int] = []
    child = 0

    def pass_on(number: int, _: object = None) -> None:
        heard.append(number)
        if child:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)

    for number, handler in usual.items():
        if handler is not signal.SIG_IGN:  # as for a job in the background
            signal.signal(number, pass_on)
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        for early in heard[:]:
            pass_on(early)
        _, status = os.waitpid(child, 0)
    for number, handler in usual.items():
        signal.signal(number, handler or signal.SIG_DFL)
    if not child:
        _end_with(parent)
        return serve()
    code = os.waitstatus_to_exitcode(status)
    if code >= 0 or heard:
        return code if code >= 0 else 128 - code
    return signal.Signals(-code)


def _end_with(parent: int) -> None:
    """Take a process group of its own, as a terminal sends Ctrl-C to all of one, and end when the parent does."""
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)
