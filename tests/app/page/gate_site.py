"""A gate around an application that answers everything, and the requests that came through it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

pytest.importorskip("starlette")

from app.page.calls import Calls
from app.page.gate import Gate
from app.page.guard import make_rules
from app.page.hosts import read_root
from app.page.jobs import QUEUE
from app.page.uploads import Uploads
from app.page.visits import Visits

FUNCTIONS = {"watch": 0, "teach": 1, "quick": 2, "unload": 3, "drawn": 4}
REACHED = {"seen": True}


class Jobs:
    """Lets every recording wait, and notes whose."""

    def __init__(self) -> None:
        self.admitted_ones: list[str] = []
        self.waits = True  # whether a session has results to wait for

    def has_results(self, visitor: str) -> bool:
        return self.waits

    @asynccontextmanager
    async def admitted(self, visitor: str):
        self.admitted_ones.append(visitor)
        yield


def page() -> SimpleNamespace:
    """Functions as Gradio keeps them."""
    one = lambda queue, inputs, way="click", kind="other", fn=print: SimpleNamespace(  # noqa: E731
        queue=queue, inputs=[None] * inputs, targets=[(1, way)], concurrency_id=kind, fn=fn
    )
    kinds = [one(True, 1, kind=QUEUE), one(False, 1), one(True, 0), one(True, 0, "unload"), one(False, 1, fn=None)]
    return SimpleNamespace(fns=dict(enumerate(kinds)))


class Site:
    """A gate and the requests that came through it."""

    def __init__(self, folder, auth=None, root: str = "", host: str = "127.0.0.1", **options) -> None:
        self.scopes, self.bodies, self.jobs, self.left = [], [], Jobs(), []
        self.visits = Visits(on_leave=lambda visitor, owner: self.left.append(visitor), grace_s=0.01)
        self.uploads = Uploads(folder, free=lambda path: 1 << 40)
        rules = make_rules("IKEM Live", host, 7860, read_root(root), auth=auth, **options)
        self.gate = Gate(self.app, rules, self.visits, self.uploads, Calls(page(), self.uploads, self.jobs))
        self.gate.is_open = True
        self.kind = "application/json"  # of what the application answers

    async def app(self, scope, receive, send):
        self.scopes.append(scope)
        body, more = b"", scope["method"] == "POST"
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.bodies.append(body)
        headers = [(b"access-control-allow-origin", b"http://evil.example"), (b"server", b"uvicorn")]
        headers.append((b"content-type", self.kind.encode()))
        if "heartbeat" in scope["path"]:
            await scope["until"].wait()
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(REACHED).encode()})

    async def ask(self, path: str, method: str = "GET", body: object = None, client: str = "127.0.0.1", **headers: str):
        """(status, headers, body)."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        sent = {"host": "127.0.0.1:7860", **{name.replace("_", "-"): text for name, text in headers.items()}}
        scope = {
            "type": "http", "method": method, "path": path, "query_string": query.encode(), "root_path": "",
            "scheme": "http", "client": (client, 5), "until": getattr(self, "until", None),
            "headers": [(name.encode(), text.encode()) for name, text in sent.items()],
        }  # fmt: skip
        pieces, said = [content], []

        async def receive():
            if not pieces:
                await asyncio.Event().wait()  # whoever asks stays until the answer is there
            return {"type": "http.request", "body": pieces.pop(), "more_body": False}

        async def send(message):
            said.append(message)

        await self.gate(scope, receive, send)
        found = [(name.decode().lower(), text.decode()) for name, text in said[0]["headers"]]
        return said[0]["status"], dict(found), b"".join(message.get("body", b"") for message in said)

    async def open(self, visitor: str, **headers: str) -> asyncio.Task:
        """Hold a session's stream open."""
        self.until = asyncio.Event()
        task = asyncio.create_task(self.ask(f"/gradio_api/heartbeat/{visitor}", **headers))
        while not self.visits.is_live(visitor):
            await asyncio.sleep(0.001)
        return task


def status(site: Site, path: str, method: str = "GET", body: object = None, **headers: str) -> int:
    return asyncio.run(site.ask(path, method, body, **headers))[0]


def call(name: str = "quick", visitor: str = "ann1", data: list | None = None, **more: object) -> dict:
    return {"fn_index": FUNCTIONS[name], "session_hash": visitor, "data": data if data is not None else [], **more}


async def as_ann(site: Site, *asked: tuple, **other: str) -> list[int]:
    """Ask each as the owner of an open session; `other` are the headers and the address of the asker."""
    task = await site.open("ann1", cookie="ikem-visitor-7860=a")
    try:
        sent = {"cookie": "ikem-visitor-7860=a", **other}
        return [(await site.ask(*one, **sent))[0] for one in asked]
    finally:
        site.until.set()
        await task
