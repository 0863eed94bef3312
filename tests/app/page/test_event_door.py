"""The door before an application: what it takes for itself, behind a proxy too, and what it hands on."""

from __future__ import annotations

import asyncio

import pytest

from app.broadcast.hub import Hub
from app.page.event_door import Door
from app.page.hosts import Hosts, Root


def ask(path: str, root: str = "", method: str = "GET", host: str = "127.0.0.1:7860", kind: str = "http") -> object:
    """The status that the door gives, or "inner" where it hands the request on."""
    said: list = []

    async def inner(scope, receive, send) -> None:
        said.append("inner")

    async def receive() -> dict:
        return {"type": "http.disconnect" if kind == "http" else "websocket.connect"}

    async def send(message) -> None:
        said.append(message.get("status", message.get("code")))

    path, _, query = path.partition("?")
    scope = {
        "type": kind, "method": method, "path": path, "query_string": query.encode(), "scheme": "http",
        "client": ("127.0.0.1", 5), "headers": [(b"host", host.encode())],
    }  # fmt: skip

    async def visit() -> None:
        hub = Hub("run")
        hub.close()  # who gets in is told so at once
        door = Door(
            inner, Hosts.of("127.0.0.1", Root("", root)), root, lambda token: hub if token == "t" else None, print
        )
        await door(scope, receive, send)

    asyncio.run(visit())
    return said[0]


@pytest.mark.parametrize("root", ["", "/ikem", "/some/where"])
@pytest.mark.parametrize("kept", [True, False], ids=["the proxy keeps the prefix", "it takes it away"])
def test_behind_a_proxy(root, kept):
    before = root if kept else ""
    assert ask(f"{before}/ikem/events?token=t", root) == 503 and ask(f"{before}/ikem/events?token=x", root) == 401
    assert ask(f"{before}/?overlay", root) == 200 and ask(f"{before}/ikem/overlay/overlay.js", root) == 200
    assert ask(f"{before}/ikem/overlay/main.js", root) == 404
    for other in ("/", "/?x=overlay", "/ikem/frame", "/ikem/events/", "/ikem/eventsx", "/config"):
        assert ask(before + other, root) == "inner"


def test_what_it_hands_on_and_refuses():
    assert ask("/ikem/events?token=t", method="POST") == 405 and ask("/ikem/events?token=t", method="HEAD") == 405
    assert ask("/?overlay", method="POST") == "inner" and ask("/", kind="lifespan") == "inner"
    assert ask("/ikem/events?token=t", host="evil.example") == 403 == ask("/?overlay", host="evil.example")
    assert ask("/ikem/events?token=x", kind="websocket") == 1008 == ask("/ikem/events", kind="websocket")
    assert ask("/ikem/events?token=t", kind="websocket") == 1013
    assert ask("/ikem/events?token=" + "t" * 5000) == 401
