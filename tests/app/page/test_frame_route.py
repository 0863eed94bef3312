"""The route that pictures are posted to: who may, how large, how many at once, and the newest one first."""

from __future__ import annotations

import asyncio
import threading

import pytest

pytest.importorskip("starlette")

from app.page import frame_route as page_route
from app.page.bodies import Bodies
from app.page.frame_route import MOST_UNDER_WAY, PATH, FrameRoute
from app.page.jpeg import MOST_BYTES


class Server:
    """A route whose answers wait until they are let go, and the means to post to it without a network."""

    def __init__(self, visitors: int = 2) -> None:
        self.seen, self.go = [], threading.Event()
        self.route = FrameRoute(self.answer, visitors)

    def answer(self, visitor, picture, sensitivity):
        self.seen.append((visitor, picture, sensitivity))
        assert self.go.wait(30)
        return None if picture == "nothing" else {"saw": picture}

    async def post(self, jpeg: bytes = b"1", key: str | None = None, query: str = "", **headers: str):
        """(status, body)."""
        key = self.route.key("ann") if key is None else key
        sent = [(b"x-ikem-key", key.encode())]
        sent += [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
        scope = {"type": "http", "method": "POST", "path": PATH, "root_path": "", "query_string": query.encode()}
        pieces = [jpeg[k : k + 3] for k in range(0, len(jpeg), 3)] or [b""]
        said = []

        async def receive():
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(message):
            said.append(message)

        await self.route.routes[0].handle(scope | {"headers": sent}, receive, send)
        return said[0]["status"], b"".join(message.get("body", b"") for message in said)

    async def hang(self, key: str, address: str = "127.0.0.1") -> int:
        """The status of a request whose body never comes."""
        said = []

        async def receive():
            await asyncio.Event().wait()

        async def send(message):
            said.append(message)

        scope = {"type": "http", "method": "POST", "path": PATH, "root_path": "", "query_string": b""}
        sent = [(b"x-ikem-key", key.encode()), (b"content-length", b"1000")]
        await self.route.routes[0].handle(scope | {"headers": sent, "client": (address, 1)}, receive, send)
        return said[0]["status"]

    async def reached(self, count: int) -> None:
        """Wait until so many pictures were handed to be answered."""
        while len(self.seen) < count:
            await asyncio.sleep(0.001)


@pytest.fixture
def server(monkeypatch):
    """Its pictures are words."""
    monkeypatch.setattr(page_route, "read_frame", lambda jpeg: jpeg.decode() if jpeg != b"no picture" else None)
    server = Server()
    yield server
    server.go.set()
    server.route.close()


def test_an_answer(server):
    server.go.set()
    assert asyncio.run(server.post(b"picture", query="sensitivity=0.8")) == (200, b'{"saw":"picture"}')
    assert asyncio.run(server.post(b"nothing", query="sensitivity=much")) == (204, b"")
    assert asyncio.run(server.post(b"no picture")) == (415, b""), "not 204, which is said of a picture that is late"
    assert server.seen == [("ann", "picture", 0.8), ("ann", "nothing", None)]


@pytest.mark.parametrize("key", ["", "ann", "ann.", "ann.0", ".", "\u00e9.\u00e9"])
def test_a_wrong_key(server, key):
    assert asyncio.run(server.post(key=key))[0] == 403
    assert not server.seen


def test_another_s_key(server):
    mine = server.route.key("bob").partition(".")[2]
    other = FrameRoute(server.answer, 2)
    for key in (f"ann.{mine}", other.key("ann")):
        assert asyncio.run(server.post(key=key))[0] == 403
    other.close()


def test_another_site(server):
    server.go.set()
    for site in ("cross-site", "same-site", "none"):
        assert asyncio.run(server.post(sec_fetch_site=site))[0] == 403
    assert asyncio.run(server.post(sec_fetch_site="same-origin"))[0] == 200


def test_a_picture_too_large(monkeypatch):
    monkeypatch.setattr(page_route, "MOST_BYTES", 5)
    monkeypatch.setattr(page_route, "read_frame", bytes.decode)
    server = Server()
    server.go.set()
    assert asyncio.run(server.post(b"12345"))[0] == 200
    assert asyncio.run(server.post(b"123456"))[0] == 413
    assert asyncio.run(server.post(b"1", content_length="6"))[0] == 413, "before its bytes come"
    assert len(server.seen) == 1
    server.route.close()


def test_a_body_that_does_not_come_takes_no_place(server):
    """Ten of them, of ten visitors, and then another visitor."""
    server.route._bodies = Bodies(MOST_BYTES, within_s=60)
    server.go.set()

    async def visit():
        hanging = [asyncio.create_task(server.hang(server.route.key(f"h{number}"))) for number in range(10)]
        await asyncio.sleep(0.05)
        assert (await server.post())[0] == 200
        assert not any(task.done() for task in hanging)
        for task in hanging:
            task.cancel()

    asyncio.run(visit())


def test_a_body_that_does_not_come_is_given_up(server):
    server.route._bodies = Bodies(MOST_BYTES, within_s=0.05)
    assert asyncio.run(server.hang(server.route.key("ann"))) == 408


def test_where_too_many_bodies_come_the_oldest_of_the_busiest_address_gives_way(server):
    server.route._bodies = Bodies(MOST_BYTES, within_s=60, at_once=3)
    server.go.set()

    async def visit():
        far = asyncio.create_task(server.hang(server.route.key("far"), "10.0.0.1"))
        near = [asyncio.create_task(server.hang(server.route.key(f"h{number}"))) for number in range(2)]
        await asyncio.sleep(0.05)
        assert (await server.post())[0] == 200
        assert (await asyncio.wait_for(near[0], 5)) == 408 and not far.done() and not near[1].done()
        far.cancel(), near[1].cancel()

    asyncio.run(visit())


def test_the_newest_of_those_that_wait_and_not_too_many(server):
    async def visit():
        posts = [asyncio.create_task(server.post(b"0"))]
        await server.reached(1)
        for number in range(1, MOST_UNDER_WAY + 1):
            posts.append(asyncio.create_task(server.post(b"%d" % number)))
            await asyncio.sleep(0.01)
        server.go.set()
        return [status for status, _ in await asyncio.gather(*posts)]

    assert asyncio.run(visit()) == [200, 204, 204, 200, 429]
    assert [picture for _, picture, _ in server.seen] == ["0", "3"]


def test_visitors_are_answered_side_by_side(server):
    async def visit():
        posts = [asyncio.create_task(server.post(key=server.route.key(name))) for name in ("ann", "bob")]
        await server.reached(2)
        server.go.set()
        return [status for status, _ in await asyncio.gather(*posts)]

    assert asyncio.run(visit()) == [200, 200]


def test_more_visitors_than_can_wait(server):
    async def visit():
        names = [f"visitor {number}" for number in range(2 * 2 + 3)]
        posts = [asyncio.create_task(server.post(key=server.route.key(name))) for name in names]
        await server.reached(4)
        server.go.set()
        return [status for status, _ in await asyncio.gather(*posts)]

    assert sorted(asyncio.run(visit())) == 6 * [200] + [429]
    server.go.set()
    assert asyncio.run(server.post())[0] == 200, "those who were answered make room"
