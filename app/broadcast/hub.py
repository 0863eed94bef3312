"""Who listens to one stream: its newest messages in a ring, and a bounded queue for each listener.

The stream's thread never waits: it appends to queues. A listener who does not keep up gets fewer joints, and always the
newest; if even events wait too long for them, they are sent away, so that no start or end is lost without a word. Who
comes again with the number of the last event that they got is told what they missed.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import NamedTuple

from app.broadcast.message import AnyMessage, EventMessage, JointsMessage, StateMessage

RING = 512  # events that are held for those who come again
MOST_WAITING = 128  # events that wait for one listener
MOST_LISTENERS = 16


class Sent(NamedTuple):
    """A message as it is sent.

    Attributes:
        number: of an event, by which a listener may ask for those after it; "" for other messages.
        kind: the message's type.
        person: whom an event is about, None for other messages.
        text: JSON on one line.
    """

    number: str
    kind: str
    person: int | None
    text: str


class TooManyListeners(Exception):
    """The error of a listener for whom there is no place."""


class Listener:
    """One who listens; made by Hub.listen, and used in one event loop.

    Attributes:
        joints: whether they get joints.
        is_slow: whether they were sent away because events waited for them.
        is_over: whether nothing more will come.
    """

    def __init__(self, joints: bool, person: int | None) -> None:
        self.joints, self._person = joints, person
        self.is_slow = self.is_over = False
        self._waiting: deque[Sent] = deque()
        self._newest: Sent | None = None
        self._lock = threading.Lock()
        self._loop, self._some = asyncio.get_running_loop(), asyncio.Event()

    def offer(self, sent: Sent) -> None:
        """Take a message, in any thread."""
        if sent.person is not None and self._person not in (None, sent.person):
            return
        with self._lock:
            if sent.kind == "joints":
                self._newest = sent
            elif len(self._waiting) < MOST_WAITING:
                self._waiting.append(sent)
            else:
                self.is_slow = self.is_over = True
        self._wake()

    def end(self) -> None:
        """Tell, in any thread, that nothing more will come."""
        self.is_over = True
        self._wake()

    async def next(self, within_s: float) -> Sent | None:
        """Return the next message, events before joints; None where none comes in time, or is_over."""
        sent = self._take()
        if sent is None and not self.is_over:
            try:
                await asyncio.wait_for(self._some.wait(), within_s)
            except TimeoutError:
                return None
            sent = self._take()
        return sent

    def _take(self) -> Sent | None:
        with self._lock:
            self._some.clear()
            if self.is_slow:
                return None
            if self._waiting:
                return self._waiting.popleft()
            newest, self._newest = self._newest, None
            return newest

    def _wake(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._some.set)
        except RuntimeError:  # the server has ended
            self.is_over = True


class Hub:
    """All who listen to one stream.

    Args:
        instance: a text that tells this run's events from those of other runs.
        most: most listeners at once.
    """

    def __init__(self, instance: str, most: int = MOST_LISTENERS) -> None:
        self._instance, self._most = instance, most
        self._count, self._over = 0, False
        self._ring: deque[tuple[int, Sent]] = deque(maxlen=RING)
        self._state: StateMessage | None = None
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._listeners)

    @property
    def wants_joints(self) -> bool:
        """Whether somebody listens to joints."""
        return any(listener.joints for listener in tuple(self._listeners))

    def send(self, message: AnyMessage, state: StateMessage) -> None:
        """Send a message to all, in any thread, without waiting.

        Args:
            message: the message.
            state: what whoever comes from now on is told first.
        """
        text, kind = message.model_dump_json(), message.type
        with self._lock:
            self._state = state
            if isinstance(message, EventMessage):
                self._count += 1
                sent = Sent(f"{self._instance}-{self._count}", kind, message.person, text)
                self._ring.append((self._count, sent))
            else:
                sent = Sent("", kind, None, text)
            for listener in self._listeners:
                if listener.joints or not isinstance(message, JointsMessage):
                    listener.offer(sent)

    def listen(self, last: str = "", joints: bool = False, person: int | None = None) -> Listener:
        """Return a new listener; `leave` frees the place.

        Args:
            last: number of the last event that they got; the later ones are sent again where they are still held. Else
                the first message is the state.
            joints: whether they get joints.
            person: the only person of whom they get events; None for everybody.

        Raises:
            TooManyListeners: no place is free, or the stream is over.
        """
        listener = Listener(joints, person)
        with self._lock:
            if self._over or len(self._listeners) >= self._most:
                raise TooManyListeners
            after = self._after(last)
            if after is None and self._state is not None:
                state = self._state.model_copy(update={"missed": bool(last)})
                listener.offer(Sent("", "state", None, state.model_dump_json()))
            for sent in after or ():
                listener.offer(sent)
            self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Free a listener's place."""
        with self._lock:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End the stream for all who listen, once they have what waits for them."""
        with self._lock:
            self._over = True
            for listener in self._listeners:
                listener.end()

    def _after(self, last: str) -> list[Sent] | None:
        """Return the events after one, or None where it is not known which these are."""
        instance, _, number = last.rpartition("-")
        if instance != self._instance or not (number.isascii() and number.isdigit() and len(number) < 19):
            return None
        oldest = self._count - len(self._ring) + 1
        if not oldest - 1 <= int(number) <= self._count:
            return None
        found = [sent for count, sent in self._ring if count > int(number)]
        return found if len(found) <= MOST_WAITING else None
