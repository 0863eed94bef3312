"""The page's server listens where it is told, says why where it cannot, and starts whatever the surroundings hold."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress

import pytest

pytest.importorskip("gradio")

import uvicorn

from app.page.sockets import listen, own_address
from app.page.web_server import Server
from models.system.places import ROOT


def has_ipv6():
    with suppress(OSError), socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        return True
    return False


IPV6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
# What is meant for other programs, or is broken: none of it is the page's business.
THEIRS = {
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "https_proxy": "socks5://127.0.0.1:9",
    "HTTP_PROXY": "no address:x",
    "NO_PROXY": "localhost,[::1],fe80::/10",
    "SSL_CERT_FILE": "/none",
    "GRADIO_SERVER_PORT": "x",
    "GRADIO_NUM_WORKERS": "x",
    "GRADIO_ROOT_PATH": "/elsewhere",
    "HOME": "/proc/1",
}


def test_a_handshake_that_does_not_come_is_given_up(monkeypatch, tmp_path):
    """Such a connection is none yet for the server, which counts and bounds only those."""
    import asyncio
    import ssl

    monkeypatch.setattr("app.page.web_server._HANDSHAKE_S", 0.2)

    async def app(scope, receive, send):
        raise AssertionError("nothing was asked")

    async def visit():
        sockets = listen("127.0.0.1", 0)
        config = uvicorn.Config(app, lifespan="off", log_level="critical")
        config.load()
        config.ssl = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        config.ssl_keyfile, config.loaded = "key.pem", True
        server = Server(config, sockets)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets)
        reader, writer = await asyncio.open_connection(*sockets[0].getsockname())
        assert await reader.read(9) == b""
        writer.close()
        await server.shutdown(sockets)

    asyncio.run(visit())


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/"),
        ("0.0.0.0", "http://localhost:80/"),
        ("::", "http://localhost:80/"),
        ("::1", "http://[::1]:80/"),
        ("[::1]", "http://[::1]:80/"),
        ("fe80::1%eth0", "http://[fe80::1%25eth0]:80/"),
        ("localhost", "http://localhost:80/"),
    ],
)
def test_addresses(host, expected):
    assert own_address(host, 80) == expected
    assert own_address(host, 80, https=True) == expected.replace("http:", "https:")


def test_it_listens_there_and_nowhere_else(free_port):
    (opened,) = listen("127.0.0.2", free_port)
    with opened, socket.create_server(("127.0.0.1", free_port)):
        socket.create_connection(("127.0.0.2", free_port)).close()


@IPV6
@pytest.mark.parametrize(
    ("host", "reached", "closed"),
    [("::", ("127.0.0.1", "::1"), ()), ("::1", ("::1",), ("127.0.0.1",)), ("[::1]", ("::1",), ("127.0.0.1",))],
)
def test_both_kinds_of_addresses(host, reached, closed, free_port):
    opened = listen(host, free_port)
    for address in reached:
        socket.create_connection((address, free_port)).close()
    for address in closed:
        with pytest.raises(OSError):
            socket.create_connection((address, free_port))
    for one in opened:
        one.close()


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("192.0.2.1", "192.0.2.1 is no address of this machine; give another --host"),
        ("no.such.host.invalid", "no.such.host.invalid is no address and no name of this machine"),
        ("127.0.0.1", "port .* of 127.0.0.1 is taken; name another with --port"),
        ("x" * 70, "is no address and no name"),
    ],
)
def test_why_it_cannot(host, says, free_port):
    with socket.create_server(("127.0.0.1", free_port)), pytest.raises(ValueError, match=says):
        listen(host, free_port)


async def _app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"here"})


def test_it_is_waited_for_as_long_as_it_takes(monkeypatch):
    usual = uvicorn.Config.load
    monkeypatch.setattr(uvicorn.Config, "load", lambda self: (time.sleep(0.5), usual(self))[1])
    (opened,) = listen("127.0.0.1", 0)
    server = Server(uvicorn.Config(_app, log_level="warning", lifespan="off"), [opened])
    server.run_in_thread()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    assert opener.open(f"http://127.0.0.1:{opened.getsockname()[1]}/", timeout=30).read() == b"here"
    server.close()


def test_one_that_ends_instead_is_noticed(monkeypatch):
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, sockets: None)
    with pytest.raises(ValueError, match="ended while it started"):
        Server(uvicorn.Config(_app), []).run_in_thread()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=[IPV6, pytest.mark.slow])])
def test_a_start_in_odd_surroundings(host, pretrained, pose_model_path, free_port, tmp_path):
    """Others' proxies and settings, a shared folder of somebody else's, no home, no standard error; ended by SIGHUP."""
    (tmp_path / "gradio").write_text("nobody can make a folder of this, not even root")
    clean = {name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")}
    env = clean | THEIRS | {"TMPDIR": str(tmp_path)}
    line = 'exec "$@"' + (" <&- 2>&-" if host != "::1" else "")
    command = [sys.executable, "-m", "app", "demo", "--host", host, "--port", str(free_port), "--device", "cpu"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(["sh", "-c", line, "sh", *command], cwd=ROOT, env=env, text=True, **pipes) as process:
        try:
            said = process.stdout.readline()
            assert said.startswith(f"IKEM Live is open at {own_address(host, free_port)} "), process.stderr.read()
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            assert b"IKEM Live" in opener.open(own_address(host, free_port), timeout=60).read()
            process.send_signal(signal.SIGHUP)
            rest, complained = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, rest) == (0, "")
    assert complained.splitlines() == (["IKEM Live is starting; this takes some seconds."] if host == "::1" else [])
    assert [path.name for path in tmp_path.iterdir()] == ["gradio"]


def test_answers_go_at_once():
    """asyncio sets TCP_NODELAY on what it accepts only where the socket says that it is TCP."""
    (listening,) = listen("127.0.0.1", 0)

    async def accepted_without_delay() -> int:
        told = asyncio.get_running_loop().create_future()

        def on_visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            told.set_result(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(on_visit, sock=listening):
            _, writer = await asyncio.open_connection(*listening.getsockname())
            no_delay = await told
            writer.close()
            return no_delay

    assert asyncio.run(accepted_without_delay()) != 0
