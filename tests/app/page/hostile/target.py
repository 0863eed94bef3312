"""The page as those who attack it see it: a port of this machine that takes requests, good and bad ones."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import string
from collections import deque
from contextlib import suppress
from functools import cached_property

HOST = "127.0.0.1"
PATIENCE_S = 120.0
ANSWER_S = 2.0  # for an answer to what may get none
MOST_HELD = 40  # connections that are kept hanging; the oldest is let go for a new one
_LETTERS = string.ascii_lowercase + string.digits


class Visitor:
    """A tab of the page as the server knows it: a session's hash and the stream that says that it lives."""

    def __init__(self, target: Target) -> None:
        self.hash = "".join(secrets.choice(_LETTERS) for _ in range(11))
        self._alive = socket.create_connection((HOST, target.port), timeout=PATIENCE_S)
        lines = f"GET /gradio_api/heartbeat/{self.hash} HTTP/1.1", f"Host: {HOST}:{target.port}", *_lines(target.own)
        self._alive.sendall("\r\n".join([*lines, "", ""]).encode())
        self._alive.recv(64)
        answer = target.call(target.function("answer", "load"), [], self.hash)
        self.key = answer[0].get("key", "") if answer else ""

    def leave(self) -> None:
        """Close the tab."""
        self._alive.close()


class Target:
    """A page to attack.

    Args:
        port: of 127.0.0.1.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.own = {"Origin": f"http://{HOST}:{port}", "Sec-Fetch-Site": "same-origin"}
        self._held: deque[socket.socket] = deque()

    def send(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Send a request as the page does, but for the headers given; return status and body, 0 for no answer."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, self.own | (headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read(1 << 22)
        except (http.client.HTTPException, ConnectionError, TimeoutError):
            return 0, b""
        finally:
            connection.close()

    def raw(self, sent: bytes, hold: bool = False) -> int:
        """Send bytes on a connection of its own; return the status, or 0 for none, and keep it open then."""
        client = socket.create_connection((HOST, self.port), timeout=ANSWER_S)
        with suppress(ConnectionError, TimeoutError):
            client.sendall(sent)
            words = [] if hold else client.recv(4096).split()
            if len(words) > 1 and words[1].isdigit():
                client.close()
                return int(words[1])
        self._held.append(client)
        if len(self._held) > MOST_HELD:
            self._held.popleft().close()
        return 0

    def let_go(self) -> None:
        """Close what is held."""
        while self._held:
            self._held.popleft().close()

    @cached_property
    def config(self) -> dict:
        """What Gradio tells every page of its parts and functions."""
        return json.loads(self.send("GET", "/config")[1])

    def function(self, elem_id: str, event: str) -> int:
        """Return the number of the function that gives an element its value, or begins at one, by a kind of event."""
        ids = {part["id"] for part in self.config["components"] if part["props"].get("elem_id") == elem_id}
        for function in self.config["dependencies"]:
            events = {name for _, name in function["targets"]}
            parts = {*function["outputs"], *(part for part, _ in function["targets"])}
            if event in events and ids & parts and function.get("backend_fn", True):
                return function["id"]
        raise LookupError(f"the page has no {event} of {elem_id}")

    def call(self, function: int, data: list, session: object = None) -> list | None:
        """Have one of Gradio's functions called; return its data, or None where it is refused."""
        body = json.dumps({"fn_index": function, "data": data, "session_hash": session}).encode()
        status, said = self.send("POST", "/gradio_api/run/predict", body, {"Content-Type": "application/json"})
        return json.loads(said)["data"] if status == 200 else None

    def post_picture(self, key: str, jpeg: bytes, **headers: str) -> int:
        """Post a picture to the route of the frames; return the status."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("POST", "/ikem/frame?sensitivity=0.5", jpeg, {"X-Ikem-Key": key} | named)[0]


def _lines(headers: dict[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]
