"""What the page's HTML says of itself to those who read no scripts: search engines, and previews of links.

Gradio's template has its own name and a picture on another host there, and no argument that leaves them out.
"""

from __future__ import annotations

import re
from html import escape

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.page.loading import with_loading
from app.page.relative_html import relative

_CARD = re.compile(rb'\s*<meta\s+(?:property="og:|name="twitter:)[^>]*>')


def named(html: bytes, title: str, description: str) -> bytes:
    """Return the page's HTML without Gradio's cards for previews, with a title, a description and a loading state.

    A page without such cards, of another version of Gradio, only gets the title and the description.
    """
    facts = f'<title>{escape(title)}</title><meta name="description" content="{escape(description)}">'
    head, mark, rest = html.partition(b"</head>")
    head = _CARD.sub(b"", head).replace(b"<head>", b"<head>" + facts.encode(), 1)
    return with_loading(head + mark + rest, title)


def own_name(title: str, description: str, proxy_told: bool = False) -> Middleware:
    """Return the middleware that has `named` and `relative` change the page itself, and nothing else.

    Args:
        title, description: of the page.
        proxy_told: whether the page's name behind a proxy was given, so that no advice on it is needed.
    """
    return Middleware(_OwnName, title=title, description=description, proxy_told=proxy_told)


class _OwnName:
    """An ASGI application around the page's; see own_name."""

    def __init__(self, app: ASGIApp, title: str, description: str, proxy_told: bool) -> None:
        self._app, self._title, self._description, self._proxy_told = app, title, description, proxy_told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not _is_page(scope):
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def changed(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            if dict(start["headers"]).get(b"content-type", b"").startswith(b"text/html"):
                host = "" if self._proxy_told else Headers(scope=scope).get("host", "")
                body = relative(named(body, self._title, self._description), host)
                others = [(name, value) for name, value in start["headers"] if name != b"content-length"]
                start["headers"] = [*others, (b"content-length", str(len(body)).encode())]
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self._app(scope, receive, changed)


def _is_page(scope: Scope) -> bool:
    return scope["path"].removeprefix(scope.get("root_path", "")) in ("", "/")
