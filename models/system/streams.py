"""The three standard streams, which a service, cron or `2>&-` may leave closed."""

from __future__ import annotations

import os
import sys

_LAST = 2  # file descriptor of standard error


def open_closed_streams() -> None:
    """Lead each standard stream that is closed to nowhere.

    Python gives None for it, on which every library that prints fails. And its number would go to the next file that is
    opened: native libraries would write their warnings into a file of results.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= _LAST:
        os.set_inheritable(handle, True)
    os.close(handle)
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
