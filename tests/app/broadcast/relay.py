"""A way to a broker that a test can break, as a network does: at once, or so that the broker does not notice."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Relay:
    """It hands on what comes to a port of its own; a context manager.

    Args:
        port: of this machine, to which it leads.

    Attributes:
        is_open: whether it lets anybody in.
        answers: set while what the broker says is handed on.
    """

    def __init__(self, port: int) -> None:
        self._to, self._pairs, self.is_open = port, [], True
        self.answers = threading.Event()
        self.answers.set()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def lose(self) -> list[socket.socket]:
        """Cut the clients off; the broker's ends, which are returned, stay open and silent."""
        pairs, self._pairs = self._pairs, []
        for client, _ in pairs:
            _close(client)
        return [broker for _, broker in pairs]

    def cut(self) -> None:
        """Cut all connections at both ends."""
        for broker in self.lose():
            _close(broker)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            try:
                if not self.is_open:
                    raise OSError("closed")
                broker = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                client.close()
                continue
            pair = (client, broker)
            self._pairs.append(pair)
            for pipe in (pair, pair[::-1]):
                threading.Thread(target=self._hand_on, args=(pair, *pipe), daemon=True).start()

    def _hand_on(self, pair: tuple, source: socket.socket, target: socket.socket) -> None:
        try:
            while content := source.recv(4096):
                if target is pair[0]:
                    self.answers.wait()
                target.sendall(content)
        except OSError:
            pass
        if pair in self._pairs:  # not cut by the test
            for end in pair:
                _close(end)

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self.answers.set()
        self.cut()


def _close(line: socket.socket) -> None:
    """Close a connection, also while another thread reads it."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()
