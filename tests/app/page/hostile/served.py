"""The page's server as a process of its own, on this machine alone, and what can be seen of it from outside."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from models.system.places import ROOT

START_S = 600.0  # most seconds until it is open, on a machine whose cores are busy


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class Served:
    """A server: the process that was started, the one that serves, the port, and the file with all that they say."""

    process: subprocess.Popen[bytes]
    server: int
    port: int
    log: Path

    def is_alive(self) -> bool:
        """Return whether the same process still serves."""
        return self.process.poll() is None and serving(self.process.pid) == self.server

    def megabytes(self) -> float:
        """Return the memory in use, 0 where it is gone."""
        with suppress(OSError):
            status = Path(f"/proc/{self.server}/status").read_text()
            return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
        return 0.0

    def said(self) -> str:
        """Return all that it has said so far."""
        return self.log.read_text(errors="replace")


def serving(process: int) -> int:
    """Return the process that serves: the first child of the one that was started, or that itself."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    forks = [child for child in children if "sh" not in Path(f"/proc/{child}/comm").read_text().split()]
    return int(forks[0]) if forks else process


@contextmanager
def served(port: int, log: Path, *options: str) -> Iterator[Served]:
    """Serve the page with the command's further options while the `with` lasts."""
    command = [sys.executable, "-m", "app", "demo", "--port", str(port), "--device", "cpu", *options]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + START_S
        while "is open at" not in log.read_text(errors="replace"):
            assert process.poll() is None and time.monotonic() < end, log.read_text(errors="replace")
            time.sleep(0.1)
        yield Served(process, serving(process.pid), port, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
