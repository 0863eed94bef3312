"""Each visitor's own events for other programs, and the token that is the leave to hear them.

A token is made from the visitor's session and a secret of this run. It lasts for as long as the visitor's page is open.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.broadcast.hub import Hub
from app.broadcast.source import Broadcast, new_instance
from app.page.event_connections import hang_up_of
from app.page.event_door import PATH, Door
from app.page.hosts import Hosts

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

    from export.runtime import Recogniser

MOST_LISTENERS = 4  # of one visitor
_INPUT = "page"  # what messages call the visitor's camera


class EventStreams:
    """The hubs of all visitors; it may be asked from any thread.

    Args:
        is_live: returns whether a visitor's page is open.
    """

    def __init__(self, is_live: Callable[[str], bool]) -> None:
        self._is_live, self._secret = is_live, secrets.token_bytes(32)
        self._hubs: dict[str, Hub] = {}
        self._lock = threading.Lock()

    def addresses(self, visitor: str) -> dict[str, str]:
        """Return where a visitor's events and overlay page are, from the page on."""
        token = self._token(visitor)
        return {"events": f".{PATH}?token={token}", "overlay": f"./?overlay&token={token}"}

    def find(self, token: str) -> Hub | None:
        """Return the hub to which a token is the leave, while its visitor's page is open."""
        visitor = token.rpartition(".")[0]
        if not hmac.compare_digest(token.encode(), self._token(visitor).encode()) or not self._is_live(visitor):
            return None
        return self._hub(visitor)

    def broadcast(self, visitor: str, model: Recogniser) -> Broadcast:
        """Return what tells of a visitor's camera, from the moment when it is started."""
        return Broadcast(_INPUT, [self._hub(visitor)], model.display)

    def door(self, hosts: Hosts, root: str, server: Callable[[], uvicorn.Server]) -> Callable[[ASGIApp], ASGIApp]:
        """Return what puts the door to all visitors' events before an application.

        Args:
            hosts: names and origins of the page.
            root: its path behind a proxy.
            server: returns the page's server, once it runs.
        """
        return lambda inner: Door(inner, hosts, root, self.find, lambda client: hang_up_of(server())(client))

    def leave(self, visitor: str) -> None:
        """Send away who listens to a visitor whose page is closed."""
        with self._lock:
            hub = self._hubs.pop(visitor, None)
        if hub is not None:
            hub.close()

    def close(self) -> None:
        """Send all away."""
        for visitor in tuple(self._hubs):
            self.leave(visitor)

    def _token(self, visitor: str) -> str:
        return f"{visitor}.{hmac.digest(self._secret, visitor.encode(), 'sha256').hex()}"

    def _hub(self, visitor: str) -> Hub:
        with self._lock:
            hub = self._hubs.get(visitor)
            if hub is None:
                hub = self._hubs[visitor] = Hub(new_instance(), MOST_LISTENERS)
                Broadcast(_INPUT, [hub], {})  # who comes before the camera is started is told that nobody is there
            return hub
