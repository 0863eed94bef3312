"""Events over real connections: Server-Sent Events, WebSockets, and who gets neither."""

from __future__ import annotations

import json
import re
import socket
import time
from contextlib import ExitStack, contextmanager, suppress

import httpx
import pytest

from app.broadcast.hub import MOST_WAITING, Hub
from app.page import event_server
from app.page.event_server import read_token, serve_events
from tests.app.broadcast.messages import event, joints, send, state

TOKEN = "a-token-of-the-test"
PATIENCE_S = 30


@contextmanager
def served(**options):
    hub = Hub("run", **options)
    send(hub, 1)
    with serve_events(hub, TOKEN) as address:
        yield hub, address


@contextmanager
def stream(address: str, query: str = f"token={TOKEN}", **headers: str):
    """Lines of an event stream."""
    url = f"{address}ikem/events?{query}"
    with (
        httpx.Client(timeout=PATIENCE_S, trust_env=False) as client,
        client.stream("GET", url, headers=headers) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        yield answer, answer.iter_lines()


def block(lines) -> dict[str, str]:
    """The next message's fields."""
    found: dict[str, str] = {}
    for line in lines:
        if not line and ("data" in found or not found.keys() - {"retry"}):
            if "data" in found:
                return found
            continue
        name, _, value = line.partition(": ")
        found[name] = value
    raise AssertionError("the stream ended")


def test_a_browser_gets_the_state_then_events_with_numbers():
    with served() as (hub, address), stream(address) as (answer, lines):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store" and answer.headers["x-accel-buffering"] == "no"
        first = block(lines)
        assert first["event"] == "state" and "id" not in first and first["retry"]
        hub.send(event(2, label="a <b>\n"), state())
        second = block(lines)
        assert (second["event"], second["id"]) == ("event", "run-2")
        assert json.loads(second["data"])["label"] == "a <b>\n"


def test_who_comes_again_is_told_the_rest():
    with served() as (hub, address):
        send(hub, 2, 3)
        for given in ({"last-event-id": "run-2"}, {}):
            query = f"token={TOKEN}" + ("" if given else "&last_event_id=run-2")
            with stream(address, query, **given) as (_, lines):
                assert block(lines)["id"] == "run-3"


def test_joints_are_asked_for():
    with served() as (hub, address), stream(address, f"token={TOKEN}&joints=1") as (_, lines):
        block(lines)
        hub.send(joints(1.5), state())
        found = block(lines)
        assert found["event"] == "joints" and "id" not in found and json.loads(found["data"])["t"] == 1.5


def test_a_silent_stream_says_that_it_lives(monkeypatch):
    usual = event_server.Door._events.__globals__["send_events"]
    monkeypatch.setitem(event_server.Door._events.__globals__, "send_events", lambda *all: usual(*all, quiet_s=0.05))
    with served() as (_, address), stream(address) as (_, lines):
        assert any(line == ": still here" for line in lines)


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("", {}, 401),
        ("token=", {}, 401),
        ("token=a-token-of-the-tesT", {}, 401),
        ("token=%ff%fe", {}, 401),
        (f"token={TOKEN}", {"authorization": "Bearer wrong"}, 401),
        (f"token={TOKEN}", {"host": "evil.example"}, 403),
        (f"token={TOKEN}", {"origin": "https://evil.example"}, 403),
        (f"token={TOKEN}&person=-1", {}, 400),
        (f"token={TOKEN}&person=²", {}, 400),
    ],
)
def test_who_gets_nothing(query, headers, status):
    with served() as (hub, address):
        answer = httpx.get(f"{address}ikem/events?{query}", headers=headers, trust_env=False)
        assert answer.status_code == status and TOKEN not in answer.text and len(hub) == 0
        assert "access-control-allow-origin" not in answer.headers


def test_methods_and_other_places():
    with served() as (_, address):
        assert httpx.post(f"{address}ikem/events?token={TOKEN}", trust_env=False).status_code == 405
        for path in ("", "ikem", "ikem/page/1/main.js", "ikem/overlay/main.js", "ikem/overlay/../../x"):
            assert httpx.get(address + path, trust_env=False).status_code == 404


@pytest.mark.parametrize("origin", ["own", "null"])
def test_pages_that_may_listen(origin):
    with served() as (_, address):
        origin = address.rstrip("/") if origin == "own" else origin
        with stream(address, "", authorization=f"Bearer {TOKEN}", origin=origin) as (answer, _):
            assert answer.headers["access-control-allow-origin"] == origin


def test_places_are_bounded():
    with served(most=2) as (hub, address), ExitStack() as visits:
        lines = [visits.enter_context(stream(address))[1] for _ in range(2)]
        assert [block(one)["event"] for one in lines] == ["state", "state"]
        assert httpx.get(f"{address}ikem/events?token={TOKEN}", trust_env=False).status_code == 503
        visits.close()
        wait(lambda: len(hub) == 0)
        with stream(address):
            pass


def wait(is_so) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end_s, "it did not come to be"
        time.sleep(0.01)


def test_who_never_reads_loses_the_place_and_the_connection(monkeypatch, capfd):
    usual = event_server.Door._events.__globals__["send_events"]
    monkeypatch.setitem(event_server.Door._events.__globals__, "send_events", lambda *all: usual(*all, send_s=0.2))
    with served() as (hub, address), stream(address) as (_, lines):
        port = int(address.rstrip("/").rpartition(":")[2])
        with socket.socket() as silent:
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            silent.connect(("127.0.0.1", port))
            silent.sendall(f"GET /ikem/events?token={TOKEN} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            wait(lambda: len(hub) == 2)
            block(lines)
            long, k = "x" * 60_000, 0
            while len(hub) == 2:
                assert k < 50 * MOST_WAITING
                hub.send(event(k, label=long), state())
                assert json.loads(block(lines)["data"])["start"] == k  # the other one misses nothing
                k += 1
            silent.settimeout(PATIENCE_S)
            with suppress(ConnectionResetError):
                while silent.recv(1 << 20):  # what lay in the system's buffers
                    pass
    assert "without completing" not in capfd.readouterr().err


def test_a_websocket():
    client = pytest.importorskip("websockets.sync.client", reason="websockets is not installed")
    from websockets.exceptions import ConnectionClosed, InvalidStatus

    with served() as (hub, address):
        place = address.replace("http", "ws") + "ikem/events"
        with client.connect(f"{place}?token={TOKEN}&joints=1", proxy=None) as line:
            assert json.loads(line.recv(PATIENCE_S))["type"] == "state"
            for phase in ("start", "update", "end"):
                hub.send(event(5, phase), state())
            found = [json.loads(line.recv(PATIENCE_S)) for _ in range(3)]
            assert [(one["phase"], one["id"]) for one in found] == [
                (phase, "run-0-5") for phase in ("start", "update", "end")
            ]
            hub.close()
            with pytest.raises(ConnectionClosed) as closed:
                line.recv(PATIENCE_S)
            assert closed.value.rcvd.code == 1001
        with pytest.raises(InvalidStatus) as refused:
            client.connect(f"{place}?token=wrong", proxy=None)
        assert refused.value.response.status_code == 403
    with served() as (_, address):
        place = address.replace("http", "ws")
        for path, headers in (
            ("ikem/events", {"Origin": "https://evil.example"}),
            ("ikem/events", {"Host": "evil.example"}),
            ("ikem", {}),
        ):
            with pytest.raises(InvalidStatus):
                client.connect(f"{place}{path}?token={TOKEN}", proxy=None, additional_headers=headers)


def test_a_websocket_that_talks_is_closed():
    client = pytest.importorskip("websockets.sync.client", reason="websockets is not installed")
    from websockets.exceptions import ConnectionClosed

    with served() as (hub, address):
        place = address.replace("http", "ws") + f"ikem/events?token={TOKEN}"
        with client.connect(place, proxy=None) as line, pytest.raises(ConnectionClosed):
            for _ in range(1000):
                line.send("x")
                time.sleep(0.001)
        with client.connect(place, proxy=None) as line, pytest.raises(ConnectionClosed) as closed:
            line.send("x" * 5000)
            while True:
                line.recv(PATIENCE_S)
        assert closed.value.rcvd.code == 1009
        wait(lambda: len(hub) == 0)


def test_a_websocket_that_never_reads_loses_the_place(monkeypatch, capfd):
    pytest.importorskip("websockets", reason="websockets is not installed")
    usual = event_server.Door._events.__globals__["send_texts"]
    monkeypatch.setitem(event_server.Door._events.__globals__, "send_texts", lambda *all: usual(*all, send_s=0.2))
    with served() as (hub, address), socket.socket() as silent:
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        silent.connect(("127.0.0.1", int(address.rstrip("/").rpartition(":")[2])))
        asks = f"GET /ikem/events?token={TOKEN} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        key = "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        silent.sendall((asks + key).encode())
        wait(lambda: len(hub) == 1)
        for k in range(50 * MOST_WAITING):
            if not len(hub):
                break
            hub.send(event(k, label="x" * 60_000), state())
            time.sleep(0.005)
        assert len(hub) == 0
        silent.settimeout(PATIENCE_S)
        with suppress(ConnectionResetError):
            while silent.recv(1 << 20):
                pass
    assert "Traceback" not in capfd.readouterr().err


def test_a_websocket_is_silent_for_longer_than_a_request_may_be(monkeypatch):
    client = pytest.importorskip("websockets.sync.client", reason="websockets is not installed")
    usual = event_server.bound_connections
    monkeypatch.setattr(event_server, "bound_connections", lambda server: usual(server, every_s=0.05))
    with served() as (hub, address):
        place = address.replace("http", "ws") + f"ikem/events?token={TOKEN}"
        with client.connect(place, proxy=None) as line:
            line.recv(PATIENCE_S)
            time.sleep(0.5)
            send(hub, 2)
            assert json.loads(line.recv(PATIENCE_S))["id"] == "run-0-2"


def test_the_overlay_page():
    with served() as (_, address):
        page = httpx.get(f"{address}?overlay&token=wrong", trust_env=False)
        assert page.status_code == 200 and "background: transparent" in page.text and TOKEN not in page.text
        assert page.headers["referrer-policy"] == "no-referrer" and "sha256-" in page.headers["content-security-policy"]
        imported, seen = {"ikem/overlay/overlay.js"}, set()
        while imported - seen:
            name = (imported - seen).pop()
            seen.add(name)
            script = httpx.get(address + name, trust_env=False)
            assert script.status_code == 200 and script.headers["content-type"].startswith("text/javascript")
            imported |= {f"ikem/overlay/{found}" for found in re.findall(r'from "\./(\w+\.js)"', script.text)}
        assert httpx.get(f"{address}?overlay", headers={"host": "evil.example"}, trust_env=False).status_code == 403


def test_a_port_in_use():
    with served() as (_, address):
        port = int(address.rstrip("/").rpartition(":")[2])
        with (
            pytest.raises(ValueError, match=f"port {port} of 127.0.0.1 is taken; name another with --serve"),
            serve_events(Hub("x"), TOKEN, port=port),
        ):
            pass


def test_tokens(tmp_path):
    assert len(read_token(None)) >= 32 and read_token(None) != read_token(None)
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert read_token(str(file)) == read_token(TOKEN) == TOKEN
    for wrong in ("short", "a token with a blank in it", "tökentökentökentöken", ""):
        with pytest.raises(ValueError, match="--token takes") as error:
            read_token(wrong)
        assert not wrong or wrong not in str(error.value)
