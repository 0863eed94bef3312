"""A real broker, Debian's mosquitto, started and ended by a test; and a client that notes what it hears."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

PATIENCE_S = 60.0
_PROGRAM = shutil.which("mosquitto", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))


def wait(is_so, what: str = "it") -> None:
    """Wait until something is so."""
    end_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end_s, f"{what} did not come to be"
        time.sleep(0.01)


class Mosquitto:
    """A broker on a port of this machine.

    Args:
        folder: an empty one, for its files.
        port: where it listens.
        lines: more of its configuration.
    """

    def __init__(self, folder: Path, port: int, *lines: str) -> None:
        self.port, self._process = port, None
        self._settings = folder / "mosquitto.conf"
        own = [f"listener {port} 127.0.0.1", "persistence false"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            own.append("user root")  # it would else be a user who may not read the test's files
        anybody = [] if any(line.startswith("password_file") for line in lines) else ["allow_anonymous true"]
        self._settings.write_text("\n".join([*own, *anybody, *lines]) + "\n")

    def start(self) -> None:
        if _PROGRAM is None:
            pytest.skip("no mosquitto on this machine (Debian: apt-get install mosquitto)")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen([_PROGRAM, "-c", str(self._settings)], **quiet)
        wait(self._answers, "the broker")

    def _answers(self) -> bool:
        assert self._process.poll() is None, "mosquitto ended: is its configuration right?"
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Mosquitto:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class Hearer:
    """A client that notes what it hears below a topic, each message as (topic, payload, whether it was retained)."""

    def __init__(self, port: int, topic: str = "#", user: str = "", password: str = "") -> None:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self.heard: list[tuple[str, str, bool]] = []
        self.there = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        self.client.reconnect_delay_set(0.1, 0.2)
        if user:
            self.client.username_pw_set(user, password)
        self.client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self.client.on_subscribe = lambda *_: self.there.set()
        self.client.on_message = lambda client, data, it: self.heard.append((it.topic, it.payload.decode(), it.retain))
        self.client.connect_async("127.0.0.1", port)

    def on(self, topic: str) -> list[str]:
        """Payloads of one topic, in their order."""
        return [payload for name, payload, _ in self.heard if name == topic]

    def __enter__(self) -> Hearer:
        self.client.loop_start()
        assert self.there.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()
