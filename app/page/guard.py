"""The gate, put around Gradio's application when its server starts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.types import ASGIApp

from app.page.calls import Calls
from app.page.gate import Gate, Rules
from app.page.gate_login import LoginPages
from app.page.hosts import Hosts, Root
from app.page.kept_files import KeptFiles
from app.page.login import Login
from app.page.security_headers import security_headers
from app.page.uploads import Uploads
from app.page.visits import Visits

if TYPE_CHECKING:
    import uvicorn


def make_rules(
    title: str,
    host: str,
    port: int,
    root: Root = Root(),  # noqa: B008 - it is frozen
    hosts: Sequence[str] = (),
    auth: list[tuple[str, str]] | None = None,
    frame_ancestors: str = "",
) -> Rules:
    """Return the gate's rules for a page; see app.page.server.Place for the arguments.

    Raises:
        ValueError: one of the hosts is no name.
    """
    cookie = str(port)  # a browser sends the cookies of a machine to each of its ports
    login = None if auth is None else LoginPages(Login(auth, f"ikem-login-{cookie}"), title, root.path)
    return Rules(Hosts.of(host, root, hosts), root, security_headers(frame_ancestors), login, cookie)


class Guard:
    """The gate of one run of the page.

    Gradio puts its own middleware around whatever it is given, so this one is put around all of it, when the server
    begins and before the first request.

    Args:
        rules, visits, uploads, calls: see Gate.
        around: puts what asks for no page, such as a program that listens to events, before the gate; None for nothing.
    """

    def __init__(
        self, rules: Rules, visits: Visits, uploads: Uploads, calls: Calls, around: Callable[[ASGIApp], ASGIApp] | None
    ) -> None:
        self._around = around
        self._rules, self._visits, self._uploads, self._calls = rules, visits, uploads, calls
        self._gate: Gate | None = None

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Put the gate around an application that has just been built."""
        assert app.middleware_stack is not None
        inner = KeptFiles(app.middleware_stack)
        self._gate = Gate(inner, self._rules, self._visits, self._uploads, self._calls)
        app.middleware_stack = self._gate if self._around is None else self._around(self._gate)
        yield

    def open(self) -> None:
        """Answer nothing any more that Gradio asks itself at its start."""
        assert self._gate is not None, "the server has not begun"
        self._gate.is_open = True


def forget_name(server: uvicorn.Server) -> None:
    """Have a running server not tell in each answer what it is; it makes its headers anew from the first of these."""
    for holder, name in ((server.config, "encoded_headers"), (server.server_state, "default_headers")):
        setattr(holder, name, [pair for pair in getattr(holder, name) if pair[0] != b"server"])
