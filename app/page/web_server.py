"""The web server under Gradio's page, on sockets of our own.

Gradio's own start tries 127.0.0.1 whatever the address, builds no address of IPv6, and gives up after 5 seconds, which
is too soon on a busy machine.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import httpx
import uvicorn

from app.page.event_connections import SOCKETS
from app.page.own_gradio import http_server, routes
from app.page.sockets import listen, own_address
from models.system.proxies import only_this_machine

_LOOK_S = 0.01
_HANDSHAKE_S = 10.0  # of https, before which a connection is none yet and bounded by nothing else


class Server(http_server.Server):
    """A server that is waited for as long as it takes to start.

    Args:
        config: of uvicorn.
        sockets: where it listens.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config)
        self._sockets = sockets

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Do what uvicorn does, and wait for no handshake for as long as asyncio would, a minute."""
        loop = asyncio.get_running_loop()
        if self.config.is_ssl:
            within = partial(loop.create_server, ssl_handshake_timeout=_HANDSHAKE_S)
            loop.create_server = within  # type: ignore[method-assign]
        await super().startup(sockets)

    def run_in_thread(self) -> None:
        """Start it, and return when it answers.

        Raises:
            ValueError: it ended instead.
        """
        self.thread = threading.Thread(target=self.run, args=(self._sockets,), daemon=True)
        self.thread.start()
        while not self.started:
            if not self.thread.is_alive():
                raise ValueError("the page's server ended while it started; the lines above may say why")
            time.sleep(_LOOK_S)


def _start(
    app: routes.App,
    server_name: str,
    server_port: int,
    ssl_keyfile: str | None = None,
    ssl_certfile: str | None = None,
    ssl_keyfile_password: str | None = None,
) -> tuple[str, int, str, Server]:
    """Do what Gradio's start_server does."""
    sockets = listen(server_name, server_port)
    config = uvicorn.Config(
        app=app,
        log_level="warning",
        **SOCKETS,
        ssl_keyfile=ssl_keyfile,
        ssl_certfile=ssl_certfile,
        ssl_keyfile_password=ssl_keyfile_password,
    )
    server = Server(config, sockets)
    server.run_in_thread()
    return server_name, server_port, own_address(server_name, server_port, ssl_keyfile is not None), server


@contextmanager
def own_start(host: str) -> Iterator[None]:
    """Within this, have Gradio's launch start the page as `Server` does, and ask no proxy whether it is there.

    Args:
        host: where the page is to listen.

    Raises:
        ValueError: the page does not answer this machine.
    """
    usual = http_server.start_server
    http_server.start_server = _start  # type: ignore[assignment]  # with fewer defaults
    try:
        with only_this_machine(host.strip("[]").partition("%")[0]):
            yield
    except httpx.HTTPError as error:
        raise ValueError(f"the page at {host} does not answer this machine ({error}): is a firewall between?") from None
    finally:
        http_server.start_server = usual
