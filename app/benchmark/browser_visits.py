"""Measure visits of the page in the browser: their bytes, and what many of them cost the server."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from app.benchmark import many_visitors, visit_bytes
from app.benchmark.page_server import prepared, server
from app.benchmark.web_space import web_space
from models.system.places import DEFAULT_MODEL

_KEPT_S = 10.0  # from the skeleton on: a service worker has everything by then, or has looked for a newer one


def say(text: str) -> None:
    """Tell on standard error what is being measured, for it takes minutes."""
    print(text, file=sys.stderr, flush=True)


def served(
    folder: Path, camera: Path, program: str, visitors: int, addresses: list[str], minute_s: float = 60.0
) -> dict[str, Any]:
    """Measure the page that a server serves: both visits' bytes, and what many such visitors cost it.

    Args:
        folder: for the browser's profile.
        camera, program: see `browser_rates.measure`.
        visitors: how many there are at once; 0 for none.
        addresses: is filled with the address of each request.
        minute_s: how long a visitor stays.
    """
    from playwright.sync_api import sync_playwright

    with server([]) as (address, process, _):
        prepared(address)
        visits = {}
        with sync_playwright() as play:
            for name in ("first", "second"):
                say(f"the {name} visit of the page")
                stay_s = minute_s if visitors else 0.0
                visits[name] = visit_bytes.visit(play, folder / "live", f"{address}/", camera, program, stay_s)
                addresses += visits[name].addresses
        found: dict[str, Any] = {"page": {name: visit.numbers() for name, visit in visits.items()}}
        if visitors:
            found["visitors"] = {}
            for name, visit in visits.items():
                say(f"{visitors} visitors, each for the {name} time")
                found["visitors"][name] = many_visitors.measure(visit.asked, address, process, visitors, minute_s)
    return found


def alone(folder: Path, camera: Path, program: str, addresses: list[str]) -> dict[str, Any]:
    """Measure both visits' bytes of the page as a folder, on a plain web server that compresses; see `served`."""
    from playwright.sync_api import sync_playwright

    from app.site.build import site_files
    from app.site.gather import gathered

    found = {}
    with web_space(site_files(*gathered(DEFAULT_MODEL, "wheel"))) as space, sync_playwright() as play:
        for name in ("first", "second"):
            say(f"the {name} visit of the page without a server")
            before = space.sent
            visit = visit_bytes.visit(play, folder / "site", space.address, camera, program, _KEPT_S)
            addresses += visit.addresses
            # No event tells of the browser's own look for a newer service worker.
            found[name] = visit.numbers() | {"sent": space.sent - before}
    return found
