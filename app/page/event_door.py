"""The door to events for other programs, before all else that a server answers: who may listen, and to whose events.

The token of an address is the leave: neither a login nor a cookie counts here, so a page of another site has nothing to
use. What is refused besides: names that are not this server's (DNS rebinding), and pages of other sites.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.broadcast.hub import Hub, Listener, TooManyListeners
from app.broadcast.server_sent import send_events
from app.broadcast.web_socket import TOO_SLOW, refuse, send_texts
from app.page.hosts import Hosts
from app.page.overlay_page import FOLDER, overlay_file, overlay_page

PATH = "/ikem/events"  # of Server-Sent Events, and of a WebSocket
_MOST_QUERY = 1024
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),  # the address holds the token
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]


class Refused(Exception):
    """The error of a request that gets no events: its status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Door:
    """The door; an ASGI application.

    Args:
        inner: what answers all other requests.
        hosts: names and origins of this server.
        root: its path behind a proxy.
        find: returns the hub to which a token is the leave, or None.
        hang_up: cuts the connection of who does not read; see app.page.event_connections.hang_up_of.
    """

    def __init__(
        self,
        inner: ASGIApp,
        hosts: Hosts,
        root: str,
        find: Callable[[str], Hub | None],
        hang_up: Callable[[tuple[str, int] | None], None],
    ) -> None:
        self._inner, self._hosts, self._root, self._find, self._hang_up = inner, hosts, root, find, hang_up

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        path = self._path(str(scope.get("path", "")))
        query = scope.get("query_string", b"")[:_MOST_QUERY].decode("latin-1")
        asked = {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
        if path == PATH and scope["type"] in ("http", "websocket"):
            await self._events(scope, asked, receive, send)
        elif scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and _is_overlay(path, asked):
            await _answer(self._page(path, scope), scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    def _path(self, path: str) -> str:
        """Return the path from the page on; a proxy may have taken the prefix away or not."""
        if path == PATH or path.startswith(FOLDER):  # the program's own files begin with /ikem, as a prefix may
            return path
        return path.removeprefix(self._root) or "/"

    def _page(self, path: str, scope: Scope) -> Response:
        try:
            self._check(scope, Headers(scope=scope))
        except Refused as refused:
            return PlainTextResponse(str(refused), refused.status)
        found = overlay_page() if path == "/" else overlay_file(path)
        return found or PlainTextResponse("There is nothing here.", 404)

    async def _events(self, scope: Scope, asked: dict[str, str], receive: Receive, send: Send) -> None:
        headers, is_socket = Headers(scope=scope), scope["type"] == "websocket"
        client = scope.get("client")
        try:
            self._check(scope, headers)
            if not is_socket and scope["method"] != "GET":
                raise Refused(405, "Events are got by GET.")
            hub = self._hub(headers, asked)
            listener = _listener(hub, headers, asked)
        except Refused as refused:
            if is_socket:
                await refuse(receive, send, TOO_SLOW if refused.status == 503 else 1008)
            else:
                await _answer(PlainTextResponse(str(refused), refused.status), scope, receive, send)
            return
        try:
            if is_socket:
                await send_texts(listener, receive, send, lambda: self._hang_up(client))
            else:
                await send_events(listener, receive, send, _headers(headers), lambda: self._hang_up(client))
        finally:
            hub.leave(listener)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host, origin = headers.get("host") or "", headers.get("origin") or "null"
        if len(headers.getlist("host")) != 1 or not self._hosts.allows(host):
            raise Refused(403, f"This server has no name {host[:80]!a}; --allow-host lets one in.")
        scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
        # A page that lies on a disk has the origin "null"; a program has none.
        if origin != "null" and not self._hosts.is_own(origin, host, scheme):
            raise Refused(403, f"A page at {origin[:80]!a} may not listen; --allow-host lets its host in.")

    def _hub(self, headers: Headers, asked: dict[str, str]) -> Hub:
        kind, _, token = headers.get("authorization", "").partition(" ")
        hub = self._find(token.strip() if kind.lower() == "bearer" else asked.get("token", ""))
        if hub is None:
            raise Refused(401, "The token is missing or wrong, or what it was for is over.")
        return hub


async def _answer(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    for name, text in _HEADERS:
        answer.headers[name.decode()] = text.decode()
    await answer(scope, receive, send)


def _is_overlay(path: str, asked: dict[str, str]) -> bool:
    return path.startswith(FOLDER) or (path == "/" and "overlay" in asked)


def _listener(hub: Hub, headers: Headers, asked: dict[str, str]) -> Listener:
    person = asked.get("person", "")
    if person and not (person.isascii() and person.isdigit() and len(person) < 10):
        raise Refused(400, "person is a number from 0.")
    last = headers.get("last-event-id") or asked.get("last_event_id", "")
    try:
        return hub.listen(last, asked.get("joints") == "1", int(person) if person else None)
    except TooManyListeners:
        raise Refused(503, "Too many listen already, or the camera has ended.") from None


def _headers(headers: Headers) -> list[tuple[bytes, bytes]]:
    """Return the headers of a stream; the page that asked was let in, so it may read the answer."""
    origin = headers.get("origin")
    shared = [] if origin is None else [(b"access-control-allow-origin", origin.encode()), (b"vary", b"Origin")]
    return [pair for pair in _HEADERS if pair[0] != b"cache-control"] + shared
