"""The page in a browser behind a proxy that takes its path away and changes its name."""

from __future__ import annotations

import pytest

pytest.importorskip("gradio")

from app.page.hosts import read_root
from tests.app.helpers import HandModel
from tests.app.page.proxy import proxy
from tests.app.page_visit import PATIENCE_MS, is_drawn, says

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_proxy_that_changes_the_name_is_named(serve_page, visit, free_port):
    with serve_page(HandModel()), proxy(free_port, "/ikem") as port:
        tab = visit(f"http://127.0.0.1:{port}/ikem/")
        says(tab, "#proxy-advice", f"--root-path http://127.0.0.1:{port}/ikem")
        says(tab, "#proxy-advice", "proxy_set_header Host")


@pytest.mark.parametrize("writes_host", [True, False])
def test_everything_works_under_a_path(serve_page, browser, free_port, writes_host):
    """With a login: the camera, and the example's file."""
    with proxy(free_port, "/ikem", writes_host) as port:
        address, errors = f"http://127.0.0.1:{port}/ikem", []
        with serve_page(HandModel(), root=read_root(address), auth=[("ann", "secret pass")]):
            tab = browser.new_page()
            tab.set_default_timeout(PATIENCE_MS)
            tab.on("pageerror", lambda error: errors.append(str(error)))
            tab.goto(f"{address}/")
            tab.get_by_label("Name").fill("ann")
            tab.get_by_label("Password").fill("secret pass")
            tab.get_by_role("button", name="Log in").click()
            tab.wait_for_selector("#start:enabled")
            assert tab.locator("#proxy-advice").count() == 0 and tab.url == f"{address}/"
            tab.click("#start")
            is_drawn(tab, "overlay")
            tab.click("#stop")
            tab.get_by_role("tab", name="Video").click()
            tab.click("#example")
            tab.wait_for_function("document.querySelector('#clip video')?.readyState > 0")
            tab.get_by_role("button", name="Log out").click()
            tab.get_by_label("Password").wait_for()
            tab.close()
        assert not errors
