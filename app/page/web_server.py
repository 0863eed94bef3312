"""The web server under Gradio's page, on sockets of our own.

Gradio's own start tries 127.0.0.1 whatever the address, builds no address of IPv6, and gives up after 5 seconds, which
is too soon on a busy machine.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import httpx
import uvicorn

from app.page.own_gradio import http_server, routes
from models.system.proxies import only_this_machine

_LOOK_S = 0.01
_HANDSHAKE_S = 10.0  # of https, before which a connection is none yet and bounded by nothing else
_WAITING = 2048  # connections that wait to be accepted, as uvicorn has it
_EVERYWHERE = ("0.0.0.0", "::")


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


def listen(host: str, port: int) -> list[socket.socket]:
    """Open the sockets of an address: one, or one for each kind of address that a name has here.

    Args:
        host: an address or a name of this machine; 0.0.0.0 stands for all addresses of IPv4, :: for all.
        port: 1 to 65535, or 0 for any.

    Raises:
        ValueError: it is no address of this machine, or the port is taken or may not be used.
    """
    plain = host.strip("[]")
    try:
        found = socket.getaddrinfo(plain, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ValueError(f"{host} is no address and no name of this machine; give another --host") from None
    opened: list[socket.socket] = []
    for family, kind, _, _, address in dict.fromkeys(found):
        try:
            opened.append(_socket(family, kind, address, plain == "::"))
        except OSError as error:
            absent = error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
            if absent and (opened or (family, kind, address) != found[-1][:2] + found[-1][4:]):
                continue  # such as localhost's ::1 where there is no IPv6
            for other in opened:
                other.close()
            raise ValueError(_why_not(error, host, port)) from None
    return opened


def _socket(family: int, kind: int, address: tuple, both: bool) -> socket.socket:
    one = socket.socket(family, kind)
    try:
        if sys.platform != "win32":
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(not both))
        one.bind(address)
        one.listen(_WAITING)
    except OSError:
        one.close()
        raise
    return one


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken; name another with --port"
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return f"{host} is no address of this machine; give another --host"
    return f"port {port} of {host} may not be used ({error.strerror or error}); name another with --port"


def own_address(host: str, port: int, https: bool = False) -> str:
    """Return the page's address for this machine, with the brackets that an address of IPv6 needs."""
    plain = host.strip("[]")
    if plain in _EVERYWHERE:
        plain = "localhost"
    shown = f"[{plain.replace('%', '%25')}]" if ":" in plain else plain
    return f"{'https' if https else 'http'}://{shown}:{port}/"


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
