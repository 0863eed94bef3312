"""The recipes of docs/events.md, as they stand there, against a server that sends events."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import pytest

from app.broadcast.hub import Hub
from app.page.event_server import serve_events
from models.system.places import ROOT
from tests.app.broadcast.messages import event, send, state
from tests.app.page_visit import CHROMIUM, FLAGS

PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
TOKEN = "a-token-of-the-test"
PATIENCE_S = 60


def recipe(kind: str, address: str) -> str:
    """The one recipe in a language, for another port."""
    (text,) = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.S)
    port = address.rstrip("/").rpartition(":")[2]
    assert text.count(":8080/") == 1
    return text.replace(":8080/", f":{port}/")


def listened(hub: Hub) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not len(hub):
        assert time.monotonic() < end_s, "nobody listens"
        time.sleep(0.01)


def test_python():
    pytest.importorskip("websockets", reason="websockets is not installed")
    hub = Hub("run")
    with serve_events(hub, TOKEN) as address:
        text = recipe("python", address)
        assert len(text.strip().splitlines()) <= 10
        program = subprocess.Popen([sys.executable, "-c", text, TOKEN], stdout=subprocess.PIPE, text=True)
        try:
            listened(hub)
            send(hub, 1, person=1)
            send(hub, 1, phase="end", person=1)
            send(hub, 2)
            assert program.stdout.readline() == "clapping by person 2\n"
            assert program.stdout.readline() == "clapping by person 1\n"
        finally:
            program.kill()
            program.communicate()


@pytest.mark.browser
def test_a_browser_page_on_a_disk(tmp_path):
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    hub, file = Hub("run"), tmp_path / "page.html"
    with serve_events(hub, TOKEN) as address, api.sync_playwright() as play:
        file.write_text(recipe("html", address))
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        tab = browser.new_page()
        tab.set_default_timeout(1000 * PATIENCE_S)
        hub.send(event(1), state(event(1)))
        tab.goto(f"{file.as_uri()}#{TOKEN}")
        says = "(text) => document.getElementById('now').textContent === text"
        tab.wait_for_function(says, arg="clapping")
        send(hub, 1, phase="end")
        tab.wait_for_function(says, arg="nothing")
        browser.close()
