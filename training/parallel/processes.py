"""Independent pieces of work in several processes, with each result as soon as it is there."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context, parent_process
from typing import Any, TypeVar

Piece = TypeVar("Piece")
Done = TypeVar("Done")


def side_by_side(
    work: Callable[[Piece], Done],
    pieces: Sequence[Piece],
    workers: int,
    begin: Callable[..., None] | None = None,
    given: tuple[Any, ...] = (),
) -> Iterator[Done]:
    """Yield what `work` returns for each piece, in the order in which the pieces are done.

    Args:
        work: a module's function.
        pieces: what it is called with.
        workers: processes; with one, or one piece, all is done in this process and in order.
        begin: called in each process before its first piece.
        given: what `begin` is called with.

    Raises:
        ValueError: a process was ended from outside.
    """
    if workers == 1 or len(pieces) < 2:
        if begin is not None:
            begin(*given)
        yield from map(work, pieces)
        return
    # spawn: neither MediaPipe's threads nor torch's survive a fork
    pool = ProcessPoolExecutor(min(workers, len(pieces)), get_context("spawn"), _begin, (begin, given))
    try:
        for done in as_completed([pool.submit(work, piece) for piece in pieces]):
            yield done.result()
    except BrokenProcessPool:
        raise ValueError(
            "a working process was ended from outside, perhaps for its memory: run again, it goes on; "
            "--workers 1 needs the least"
        ) from None
    except (KeyboardInterrupt, GeneratorExit):
        for child in active_children():  # their present pieces would take minutes, and are done again
            child.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(begin: Callable[..., None] | None, given: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    # A killed parent cannot end its workers, and they would wait for work for ever.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if begin is not None:
        begin(*given)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None  # this runs in a started process
    parent.join()
    os._exit(1)
