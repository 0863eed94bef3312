"""A server of its own for one camera's events and their overlay page, beside a command that watches the camera."""

from __future__ import annotations

import hmac
import re
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from app.broadcast.hub import Hub
from app.page.connections import bound_connections
from app.page.event_connections import SOCKETS, hang_up_of, let_sockets_in
from app.page.event_door import PATH, Door
from app.page.hosts import Hosts, Root
from app.page.sockets import listen, own_address

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,256}")  # nobody slows down who guesses
_LOOK_S, _END_S = 0.01, 2
_NOTHING = f"There is nothing here but {PATH} and ?overlay, and both take a token: see docs/events.md."


def read_token(text: str | None) -> str:
    """Return the token that a command line gives, or a new one.

    Args:
        text: the token, or a file with it; None makes one.

    Raises:
        ValueError: it is too short, or holds what an address cannot.
    """
    if text is None:
        return secrets.token_hex(16)  # a text that begins with - would be taken for an option
    path = Path(text)
    try:
        token = path.read_text(encoding="utf-8").strip() if path.is_file() else text
    except (OSError, UnicodeDecodeError):
        raise ValueError("the file given to --token cannot be read as text") from None
    if not _TOKEN.fullmatch(token):
        raise ValueError(
            "--token takes 16 or more letters, digits, - and _, or a file with them; without it a token is made"
        )
    return token


@contextmanager
def serve_events(
    hub: Hub, token: str, host: str = "127.0.0.1", port: int = 0, allowed: Sequence[str] = ()
) -> Iterator[str]:
    """Serve a hub's events while the `with` lasts, and yield the address of this machine, which ends in a /.

    Args:
        hub: whose listeners it lets in; it is closed at the end.
        token: the leave to listen.
        host: address to listen on.
        port: port to listen on, 0 for any.
        allowed: further names of this server, and those of servers whose pages may listen.

    Raises:
        ValueError: the port is taken, or there is no such address.
    """
    hosts = Hosts.of(host, Root(), allowed)
    sockets = listen(host, port, "--serve")
    config = uvicorn.Config(
        _nothing,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=_END_S,
        server_header=False,
        proxy_headers=False,
        **SOCKETS,
    )
    server = uvicorn.Server(config)

    def find(given: str) -> Hub | None:
        return hub if hmac.compare_digest(given.encode(), token.encode()) else None

    config.app = Door(_nothing, hosts, "", find, hang_up_of(server))
    thread = threading.Thread(target=server.run, args=(sockets,), name="events", daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise ValueError("the server of the events ended while it started; the lines above may say why")
        time.sleep(_LOOK_S)
    bound_connections(server)
    let_sockets_in(server)
    try:
        yield own_address(host, sockets[0].getsockname()[1])
    finally:
        hub.close()
        server.should_exit = True
        thread.join(2 * _END_S)


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer what asks for something else."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
    else:
        await PlainTextResponse(_NOTHING, 404)(scope, receive, send)
