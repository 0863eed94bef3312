"""Who is here: the live sessions of the page, each bound to an address, a login and a browser.

A session lives while its page holds a stream open (Gradio's heartbeat). What a session may do, nobody else may do in
its name: a request that names it must come from where its stream came from.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

VISITOR = re.compile(r"[A-Za-z0-9_-]{1,64}")  # Gradio's own are some 11 letters
MOST_PER_ADDRESS = 24  # pages open at once; a classroom has one address
MOST = 256
_STREAMS = 3  # of one session: a browser opens the next before the last is known to be broken
WAIT_S = 2.5  # for the stream of a page that has only begun to load
GRACE_S = 2.0  # a stream that broke may come again


class RefusedError(Exception):
    """The error of a visitor who is not let in; its text tells them why."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Where a request comes from.

    Attributes:
        address: see `address_of`.
        login: of the login's cookie, "" where nobody has to log in.
        browser: of the browser's cookie, "" for a program without cookies.
    """

    address: str
    login: str = ""
    browser: str = ""


def address_of(client: str) -> str:
    """Return the address that limits count by: an IPv4 address, or the /64 network that an IPv6 visitor has alone."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return ascii(client[:64])[1:-1]  # a proxy may write anything, and the log tells it
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address) if address.is_loopback else str(ipaddress.ip_network((int(address), 64), strict=False))


@dataclass(slots=True)
class _Visit:
    owner: Owner
    streams: int = 0


class Visits:
    """The registry of live sessions. It is changed in the server's event loop, and may be asked from any thread.

    Args:
        on_come: called with each session that begins.
        on_leave: called in a thread with each session that has ended, and its owner.
        grace_s: seconds for a broken stream to come again.
    """

    def __init__(
        self,
        on_come: Callable[[str], None] = lambda visitor: None,
        on_leave: Callable[[str, Owner], None] = lambda visitor, owner: None,
        grace_s: float = GRACE_S,
    ) -> None:
        self._on_come, self._on_leave, self._grace_s = on_come, on_leave, grace_s
        self._visits: dict[str, _Visit] = {}
        self._came: dict[str, asyncio.Event] = {}  # who waits for which session to begin
        self._leaving: set[asyncio.Future] = set()

    def __len__(self) -> int:
        return len(self._visits)

    def is_live(self, visitor: str) -> bool:
        """Return whether a session is open, or was a moment ago."""
        return visitor in self._visits

    def owner(self, visitor: str) -> Owner | None:
        """Return where a live session came from."""
        visit = self._visits.get(visitor)
        return None if visit is None else visit.owner

    def address(self, visitor: str) -> str:
        """Return the address of a live session; any other one counts as an address of its own."""
        owner = self.owner(visitor)
        return visitor if owner is None else owner.address

    def of(self, owner: Owner) -> list[str]:
        """Return the owner's live sessions."""
        return [visitor for visitor, visit in list(self._visits.items()) if visit.owner == owner]

    async def admits(self, visitor: object, owner: Owner, wait_s: float = WAIT_S) -> bool:
        """Return whether a session is open and the owner's; it may begin within a short while."""
        if not isinstance(visitor, str) or not VISITOR.fullmatch(visitor):
            return False
        if visitor not in self._visits and wait_s and len(self._came) < MOST:
            came = self._came.setdefault(visitor, asyncio.Event())
            try:
                await asyncio.wait_for(came.wait(), wait_s)
            except TimeoutError:
                pass
            finally:
                self._came.pop(visitor, None)
        return self.owner(visitor) == owner

    @asynccontextmanager
    async def present(self, visitor: str, owner: Owner) -> AsyncIterator[None]:
        """Keep a session open while the `with` lasts.

        Raises:
            RefusedError: the session is another's, or too many are open.
        """
        visit = self._visits.get(visitor)
        if visit is None:
            self._make_room(owner)
            visit = self._visits[visitor] = _Visit(owner)
            self._on_come(visitor)
        elif visit.owner != owner or visit.streams >= _STREAMS:
            raise RefusedError("This session is open elsewhere.")
        visit.streams += 1
        if visitor in self._came:
            self._came[visitor].set()
        try:
            yield
        finally:
            visit.streams -= 1
            if not visit.streams:
                self._soon(visitor, visit)

    def _make_room(self, owner: Owner) -> None:
        of_address = sum(visit.owner.address == owner.address for visit in self._visits.values())
        if of_address >= MOST_PER_ADDRESS or len(self._visits) >= MOST:
            raise RefusedError("Too many pages are open: close one, and load this one again.")

    def _soon(self, visitor: str, visit: _Visit) -> None:
        async def leave() -> None:
            await asyncio.sleep(self._grace_s)
            if not visit.streams and self._visits.get(visitor) is visit:
                del self._visits[visitor]
                await asyncio.get_running_loop().run_in_executor(None, self._on_leave, visitor, visit.owner)

        task = asyncio.ensure_future(leave())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def log_out(self, login: str) -> None:
        """End all sessions of a login at once."""
        for visitor, visit in list(self._visits.items()):
            if login and visit.owner.login == login:
                del self._visits[visitor]
                asyncio.get_running_loop().run_in_executor(None, self._on_leave, visitor, visit.owner)


class Taken:
    """The count of what each address has under way, with a limit for each."""

    def __init__(self, most: int) -> None:
        self._most, self._count = most, Counter[str]()

    @asynccontextmanager
    async def one(self, address: str) -> AsyncIterator[None]:
        """Count one while the `with` lasts.

        Raises:
            RefusedError: the address has its most already.
        """
        if self._count[address] >= self._most:
            raise RefusedError("Too much at once: wait until the last request is answered.")
        self._count[address] += 1
        try:
            yield
        finally:
            self._count[address] -= 1
            if not self._count[address]:
                del self._count[address]
