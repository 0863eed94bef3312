"""Connections that keep the server waiting are closed, and the others are left alone."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from types import SimpleNamespace

import pytest

pytest.importorskip("uvicorn")
from app.page.connections import LEAST_BYTES, _Bounded, bound_connections


class Transport:
    ended = False

    def is_closing(self) -> bool:
        return self.ended

    def abort(self) -> None:
        self.ended = True


class Base(asyncio.Protocol):
    """What uvicorn's protocols do, as far as it matters here."""

    def __init__(self, connections: set, address: str) -> None:
        self.connections, self.client, self.cycle = connections, (address, 1), None
        self.flow, self.looks = SimpleNamespace(read_paused=False, write_paused=False), []
        self.loop = SimpleNamespace(call_later=lambda seconds, look: self.looks.append(look))

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.connections.add(self)

    def data_received(self, data: bytes) -> None:
        pass


Protocol = type("Protocol", (_Bounded, Base), {"every_s": 1.0, "most": 4})


def connected(connections: set | None = None, address: str = "10.0.0.1"):
    protocol = Protocol(set() if connections is None else connections, address)
    protocol.connection_made(Transport())
    return protocol


def request(more_body: bool, response_complete: bool = False):
    return SimpleNamespace(more_body=more_body, response_complete=response_complete)


def look(protocol) -> bool:
    """Whether the connection is open after the next look."""
    protocol.looks.pop()()
    assert len(protocol.looks) == (not protocol.transport.ended), "as long as it is open, there is a next one"
    return not protocol.transport.ended


def test_headers_that_do_not_end():
    protocol = connected()
    protocol.data_received(b"POST / HTTP/1.1\r\n")
    assert not look(protocol)


@pytest.mark.parametrize("cycle", [request(more_body=True), request(more_body=True, response_complete=True)])
def test_a_body_that_does_not_end(cycle):
    protocol = connected()
    protocol.cycle = cycle
    assert look(protocol), "it may just have begun"
    protocol.data_received(bytes(LEAST_BYTES))
    assert look(protocol)
    protocol.data_received(bytes(LEAST_BYTES - 1))
    assert not look(protocol)


def test_an_answer_that_takes_its_time():
    protocol = connected()
    protocol.cycle = request(more_body=False)
    assert all(look(protocol) for _ in range(9))


def test_the_server_itself_is_slow():
    protocol = connected()
    protocol.cycle, protocol.flow.read_paused = request(more_body=True), True
    assert all(look(protocol) for _ in range(9))


def test_one_request_after_another():
    protocol = connected()
    for _ in range(9):
        protocol.cycle = request(more_body=False, response_complete=True)
        protocol.data_received(bytes(100))
        assert look(protocol)


def test_one_too_many():
    connections: set = set()
    busy = [connected(connections) for _ in range(3)]
    for protocol in busy[1:]:
        protocol.cycle = request(more_body=False)
    other = connected(connections, "10.0.0.2")
    newest = connected(connections, "10.0.0.2")
    assert [protocol.transport.ended for protocol in (*busy, other, newest)] == [True, False, False, False, False]
    connections.discard(busy[0])
    for protocol in (other, newest):
        protocol.cycle = request(more_body=False)
    assert connected(connections, "10.0.0.2").transport.ended, "all else are being answered"


def test_one_too_many_where_nobody_reads_the_answers():
    connections: set = set()
    slow = [connected(connections) for _ in range(4)]
    for protocol in slow:
        protocol.cycle, protocol.flow.write_paused = request(more_body=False), True
    newest = connected(connections, "10.0.0.2")
    assert sum(protocol.transport.ended for protocol in slow) == 1 and not newest.transport.ended


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1234"]
)
def test_a_server_of_uvicorn(sent, free_port):
    import uvicorn

    async def app(scope, receive, send):
        while (await receive())["type"] == "http.request":
            pass

    server = uvicorn.Server(uvicorn.Config(app, port=free_port, lifespan="off", log_level="critical"))
    thread = threading.Thread(target=asyncio.run, args=[server.serve()])
    thread.start()
    while not server.started:
        thread.join(0.01)
    bound_connections(server, every_s=0.2)
    with socket.create_connection(("127.0.0.1", free_port), timeout=60) as client:
        client.sendall(sent)
        with suppress(ConnectionResetError):
            assert client.recv(9) == b""
    server.should_exit = True
    thread.join()
