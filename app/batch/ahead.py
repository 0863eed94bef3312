"""Stages of work that overlap: each runs in its own thread, a few items ahead of the next."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Generic, TypeVar

Item = TypeVar("Item")


class _Buffer(Generic[Item]):
    """A queue of at most `most` items between the thread that makes them and the one that takes them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: deque[Item] = deque()
        self._changed = threading.Condition()
        self._left = self._over = False
        self._error: BaseException | None = None

    def put(self, item: Item) -> bool:
        """Add an item as soon as there is room, and return False if the consumer has left."""
        with self._changed:
            self._changed.wait_for(lambda: self._left or len(self._items) < self._most)
            self._items.append(item)
            self._changed.notify_all()
            return not self._left

    def end(self, error: BaseException | None) -> None:
        """Mark the end of the items, with the error that caused it if there was one."""
        with self._changed:
            self._over, self._error = True, error
            self._changed.notify_all()

    def leave(self) -> None:
        """Tell the producer that nobody takes items any more."""
        with self._changed:
            self._left = True
            self._items.clear()
            self._changed.notify_all()

    def take(self) -> Iterator[Item]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._over)
                if not self._items:
                    if self._error is not None:
                        raise self._error
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            yield item


def ahead(items: Generator[Item], most: int) -> Generator[Item]:
    """Yield the items of a generator that runs in its own thread, at most `most` items ahead.

    An error of the generator is raised here, after the items before it. Closing this generator closes the inner one and
    ends its thread; both have ended when `close` returns.

    Args:
        items: where they come from; it belongs to the thread from the first item on.
        most: items that may wait, 1 or more.
    """
    buffer: _Buffer[Item] = _Buffer(most)

    def run() -> None:
        error = None
        try:
            with closing(items):
                for item in items:
                    if not buffer.put(item):
                        break
        except BaseException as caught:  # any error is raised again in the consumer
            error = caught
        buffer.end(error)

    thread = threading.Thread(target=run, name="ahead", daemon=True)
    thread.start()
    try:
        yield from buffer.take()
    finally:
        buffer.leave()
        thread.join()
