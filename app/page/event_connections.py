"""The connections of WebSockets beside those that app.page.connections bounds, and hanging up on who does not read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    import uvicorn


class _Sockets(TypedDict):
    ws_max_size: int
    ws_max_queue: int
    ws_per_message_deflate: bool


# What a listener may say is not read, so it may be short; and unpacking it would cost more than sending it.
SOCKETS: _Sockets = {"ws_max_size": 1024, "ws_max_queue": 4, "ws_per_message_deflate": False}


def let_sockets_in(server: uvicorn.Server) -> None:
    """Have a running server, whose connections are bounded, keep WebSockets: they are silent for as long as they last.

    Call it after app.page.connections.bound_connections. Where uvicorn finds no library for them, it does nothing.
    """
    config = server.config
    config.http_protocol_class = type("Upgrading", (_Upgrading, config.http_protocol_class), {})
    if config.ws_protocol_class is not None:
        config.ws_protocol_class = type("Socket", (_Socket, config.ws_protocol_class), {})


def hang_up_of(server: uvicorn.Server) -> Callable[[tuple[str, int] | None], None]:
    """Return the function that cuts the connection from an address and port, also where the peer reads nothing."""

    def hang_up(client: tuple[str, int] | None) -> None:
        for connection in tuple(server.server_state.connections):
            found: Any = connection  # each of uvicorn's protocols has both
            if client is not None and found.client == tuple(client):
                found.transport.abort()

    return hang_up


class _Upgrading(asyncio.Protocol):
    """What is put before uvicorn's protocol for requests."""

    waits: Callable[[], bool]

    def handle_websocket_upgrade(self, *args: Any) -> None:
        self.waits = lambda: False  # whoever looks after this connection sees no request on it any more
        super().handle_websocket_upgrade(*args)  # type: ignore[misc]  # uvicorn's


class _Socket(asyncio.Protocol):
    """What is put before uvicorn's protocol for WebSockets."""

    writable: asyncio.Event

    @property
    def flow(self) -> SimpleNamespace:
        """Whether the peer reads, under the name that it has for requests."""
        return SimpleNamespace(write_paused=not self.writable.is_set(), read_paused=False)

    def waits(self) -> bool:
        """Return that nothing is waited for: a listener has nothing to say."""
        return False
