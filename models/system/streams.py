"""The three standard streams: a service, cron or `2>&-` may leave them closed, and a disk or a reader may be gone."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper

_LAST = 2  # file descriptor of standard error


def open_closed_streams() -> None:
    """Lead each standard stream that is closed to nowhere, and let none fail at a letter that its encoding lacks.

    Python gives None for it, on which every library that prints fails. And its number would go to the next file that is
    opened: native libraries would write their warnings into a file of results.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= _LAST:
        os.set_inheritable(handle, True)
    os.close(handle)
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def output_handed_over(said: str, failed: int) -> Iterator[None]:
    """Hand over at the end of this what was printed, where Python would do so after the last line and fail unheard.

    A reader who has left (`| head -1`) is no error.

    Args:
        said: what stands before a complaint, such as the program's name.
        failed: exit code where standard output cannot be written.

    Raises:
        SystemExit: standard output cannot be written, as on a full disk.
    """
    try:
        yield
    finally:
        if reason := _flushed():
            print(f"{said}: standard output cannot be written: {reason}", file=sys.stderr)
            sys.exit(failed)


def _flushed() -> str:
    try:
        sys.stdout.flush()
        return ""
    except BrokenPipeError:
        reason = ""
    except OSError as error:
        reason = error.strerror or "its file is gone"
    nowhere = os.open(os.devnull, os.O_WRONLY)  # else Python tries once more when it ends
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return reason
