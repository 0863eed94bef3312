"""The page in a process of its own, for the benchmarks of the page."""

from __future__ import annotations

import gzip
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from app.benchmark.chromium import PATIENCE_S, BenchError
from models.system.places import ROOT


@contextmanager
def server(extra: list[str]) -> Iterator[tuple[str, int, Path]]:
    """Serve the page in a process of its own, and yield its address, process id and temporary folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "app", "demo", "--port", str(port), *extra]
    with (
        tempfile.TemporaryDirectory(prefix="ikem-bench-", ignore_cleanup_errors=True) as folder,
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said, env={**os.environ, "TMPDIR": folder}) as process,
    ):
        try:
            end = time.monotonic() + PATIENCE_S
            while not _listens(port):
                if process.poll() is not None or time.monotonic() > end:
                    said.seek(0)
                    last = said.read().decode(errors="replace").strip().splitlines()[-1:]
                    raise BenchError(f"the page did not start: {' '.join(last)}")
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}", process.pid, Path(folder)
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def settings_of(html: str) -> dict[str, Any]:
    """Return the settings that a page's scripts read, from its HTML."""
    found = re.search(r'<script type="application/json" id="ikem-settings">(.*?)</script>', html, re.DOTALL)
    assert found is not None, "the page has no settings"
    return json.loads(found[1])


def prepared(address: str) -> dict[str, Any]:
    """Wait until a page's server has made and compressed all that a browser loads, and return the page's settings.

    Raises:
        BenchError: the server has nothing for browsers; the message says why.
    """
    head = json.loads(_read(f"{address}/config"))["head"]  # which Gradio puts into the page by a script
    settings = settings_of(head)
    if "why" in settings["here"]:
        raise BenchError(f"the page cannot run in a browser: {settings['here']['why']}")
    for part in settings["here"].values():
        _read(urljoin(f"{address}/", part))
    return settings


def _read(address: str) -> bytes:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy leads to this machine
    asked = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
    try:
        with direct.open(asked, timeout=PATIENCE_S) as answer:
            body = answer.read()
            return gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
    except urllib.error.HTTPError as error:
        raise BenchError(f"the page's server answers {error.code} to {address}: {error.read(300).decode()}") from None
