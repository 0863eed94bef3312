"""Stages that overlap: in order, never far ahead, and gone when nobody wants them any more."""

from __future__ import annotations

import threading

import pytest

from app.batch.ahead import ahead


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "ahead"]


def test_all_items_in_order_through_two_stages():
    squares = ahead((n * n for n in ahead((n for n in range(500)), 3)), 3)
    assert list(squares) == [n * n for n in range(500)] and not threads()


def test_at_most_so_many_items_wait():
    made, far = [0], threading.Event()

    def items():
        for n in range(100):
            made[0] = n
            if n == 5:
                far.set()
            yield n

    stage = ahead(items(), 4)
    assert next(stage) == 0
    assert far.wait(10)  # one was taken, four wait, and the next one is in the maker's hands
    assert not threading.Event().wait(0.1) and made[0] == 5
    stage.close()


def test_errors_come_after_the_items_before_them():
    def items():
        yield 1
        yield 2
        raise LookupError("broken")

    stage = ahead(items(), 8)
    assert [next(stage), next(stage)] == [1, 2]
    with pytest.raises(LookupError, match="broken"):
        next(stage)
    assert not threads()


def test_closing_ends_the_thread_and_closes_what_it_reads():
    closed = []

    def items():
        try:
            while True:
                yield 0
        finally:
            closed.append(threading.current_thread().name)

    def between(source):
        try:
            yield from source
        finally:
            source.close()

    stage = ahead(between(ahead(items(), 2)), 2)
    next(stage)
    stage.close()
    assert closed == ["ahead"] and not threads()


def test_an_empty_stage():
    assert list(ahead((n for n in ()), 1)) == []
