"""The switch that hides the warnings of native libraries, which they write past Python, but not their last words."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from models.system.last_words import LastWords

_turn = threading.Lock()
_way_out: TextIO | None = None  # past the hidden descriptor; never closed, for a log handler may have taken it
_inside = 0  # how many threads have the warnings hidden; the first one hides them, the last one shows them again
_usual: TextIO | None = None  # Python's own stderr, while they are hidden
_words: LastWords | None = None  # what is hidden, while it is
_tells_where = False  # whether a fault would tell where Python was, by our doing


@contextmanager
def native_warnings_hidden() -> Iterator[None]:
    """Hold back what MediaPipe and ONNX Runtime write to file descriptor 2, but keep Python's own stderr.

    For each landmarker they write a dozen lines of warnings, in which a progress bar or an important line is lost.
    `python -X dev` shows them. Threads may do this side by side: the warnings are hidden while any of them is inside.

    If native code ends the process, what it wrote last is told after all, and where Python was.
    """
    hides = _enter()
    try:
        yield
    finally:
        if hides:
            _leave()


def last_words() -> str:
    """Return what native code wrote last while its warnings are hidden, without them, and forget it.

    A process whose fork has died asks for that one's words by this.
    """
    return _words.tell() if _words is not None else ""


def forget_old_warnings() -> None:
    """Free the memory of what was hidden long ago: for programs that run for days."""
    if _words is not None:
        _words.forget_old()


def _enter() -> bool:
    """Hide the warnings unless they are hidden, and return whether there is something to leave."""
    global _inside, _usual, _words, _tells_where
    with _turn:
        if not _inside:
            if sys.flags.dev_mode or not _is_plain(sys.stderr):
                return False
            _usual = sys.stderr
            _usual.flush()
            sys.stderr = _stderr_past_2(_usual)
            _words = LastWords(sys.stderr)
            os.dup2(_words.file, 2)
            _tells_where = not faulthandler.is_enabled()
            if _tells_where:
                faulthandler.enable(sys.stderr, all_threads=False)
        _inside += 1
        return True


def _leave() -> None:
    global _inside, _words
    with _turn:
        _inside -= 1
        if not _inside:
            assert _way_out is not None and _words is not None
            if _tells_where:
                faulthandler.disable()
            _way_out.flush()
            if sys.stderr is _way_out:  # nobody has put another one in its place
                sys.stderr = _usual
            os.dup2(_way_out.fileno(), 2)
            _words.close()
            _words = None


def _stderr_past_2(usual: TextIO) -> TextIO:
    """Return a stream to where file descriptor 2 leads now, which stays so when the descriptor is hidden."""
    global _way_out
    if _way_out is None:
        _way_out = open(os.dup(2), "w", buffering=1, encoding=usual.encoding, errors=usual.errors)  # noqa: SIM115
    else:
        os.dup2(2, _way_out.fileno(), inheritable=False)
    return _way_out


def _is_plain(stream: TextIO | None) -> bool:
    """Return whether the stream is file descriptor 2, not one of a test or a notebook."""
    try:
        return stream is not None and stream.fileno() == 2
    except (AttributeError, OSError, ValueError):
        return False
