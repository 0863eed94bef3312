"""Readers of numbers and paths for command lines, for argparse's `type`: a sentence says what is expected.

A reader of numbers refuses all but finite ones in ASCII digits, within limits. A reader of texts and paths refuses an
empty one. Each does so by argparse.ArgumentTypeError, whose text argparse shows beside the option's name.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable
from pathlib import Path

from models.system.addresses import nearly

MOST_THREADS = 256
MOST_WORKERS = 256


def whole(low: int, high: int | None = None, said: str = "") -> Callable[[str], int]:
    """Make a reader of whole numbers.

    Args:
        low: the lowest number that is accepted.
        high: the highest number that is accepted; None sets no limit.
        said: the expected value in words, instead of "a whole number from 1 to 64".
    """
    said = said or (f"a whole number of at least {low}" if high is None else f"a whole number from {low} to {high}")

    def read(text: str) -> int:
        try:
            value = int(text) if text.isascii() else low - 1
        except ValueError:
            value = low - 1
        if value < low or (high is not None and value > high):
            raise argparse.ArgumentTypeError(f"{said}, not {text!r}")
        return value

    return read


def number(low: float, high: float | None = None, said: str = "", *, above: bool = False) -> Callable[[str], float]:
    """Make a reader of finite numbers.

    Args:
        low: the lowest number that is accepted.
        high: the highest number that is accepted; None sets no limit.
        said: the expected value in words, instead of "a number from 0 to 1".
        above: accept only numbers above `low`, not `low` itself.
    """
    least = f"above {low:g}" if above else f"from {low:g}" if high is not None else f"of at least {low:g}"
    said = said or f"a number {least}" + ("" if high is None else f" to {high:g}")

    def read(text: str) -> float:
        try:
            value = float(text) if text.isascii() else math.nan
        except ValueError:
            value = math.nan
        fits = math.isfinite(value) and (value > low if above else value >= low) and (high is None or value <= high)
        if not fits:
            raise argparse.ArgumentTypeError(f"{said}, not {text!r}")
        return value

    return read


def share(what: str) -> Callable[[str], float]:
    """Make a reader of numbers from 0 to 1; `what` is named in its sentence, such as "a score"."""
    return number(0, 1, f"{what} is from 0 to 1")


def nonempty(text: str) -> str:
    """Read a text that is not empty, which an unset variable of the shell would be."""
    if not text.strip():
        raise argparse.ArgumentTypeError("an empty text names nothing; is a variable unset?")
    return text


def path(text: str) -> Path:
    """Read a path; an empty text would be the current folder, and an address may hold a password to be shown."""
    if nearly(text) and not os.path.lexists(text):
        raise argparse.ArgumentTypeError("this looks like an address; a file or a folder of this machine is meant")
    return Path(at_home(nonempty(text)))


def at_home(text: str) -> str:
    """Return a path with the user's folder for a `~` that the shell left, as in `--out=~/results`."""
    return os.path.expanduser(text) if text.startswith("~") and not os.path.lexists(text.partition("/")[0]) else text


at_least_1 = whole(1)
at_least_0 = whole(0)
seed = whole(0, said="a seed is a whole number of at least 0")
port = whole(1, 65535, "a port is a number from 1 to 65535")
threads = whole(1, MOST_THREADS, f"a number of threads is 1 to {MOST_THREADS}")
workers = whole(1, MOST_WORKERS, f"a number of workers is 1 to {MOST_WORKERS}")
seconds = number(0, said="a number of seconds above 0", above=True)
