"""The Live tab where the visitor's own browser recognises, in a real headless Chromium with a real person's video.

The camera and the clock of what the browser sees go SLOW times slower, for a busy machine looks at a few pictures a
second.
"""

from __future__ import annotations

import json

import pytest

from models.system.places import ASSETS
from tests.app.page_visit import SLOW, is_drawn, says

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("gradio")

ACTION = "jumping jacks"


def ask_for(tab, rate: str) -> None:
    """Have the page take over at another rate of pictures."""
    text = (
        (ASSETS / "page" / "runs_on.js").read_text(encoding="utf-8").replace("LEAST_RATE = 12", f"LEAST_RATE = {rate}")
    )
    tab.route("**/page/runs_on.js", lambda asked: asked.fulfill(body=text, content_type="text/javascript"))
    tab.reload()
    tab.wait_for_selector("#start:enabled")


def test_this_browser_names_the_action_and_needs_no_network(page_here):
    tab, server = page_here("here")
    tab.click("#start")
    says(tab, "#runs-note", "No picture leaves this computer")
    is_drawn(tab, "overlay")
    says(tab, "#action", ACTION)
    is_drawn(tab, "figure", 200)
    assert tab.locator("#runs-on input[value=here]").is_checked()
    tab.context.set_offline(True)
    tab.wait_for_timeout(2000 * SLOW)  # what is shorter may be no event
    tab.click("#stop")
    says(tab, "#events", ACTION)
    tab.click("#start")
    says(tab, "#action", ACTION)
    assert server.sent == [] and tab.hosts == {tab.url.split("/")[2]}
    assert [path for path, _ in server.asked if path == "stopped"] == [], "Gradio is asked for nothing"


def test_by_itself_it_begins_with_the_server_and_goes_over(page_here):
    tab, server = page_here()
    ask_for(tab, "0.01")
    tab.click("#start")
    says(tab, "#action", "Jumping jacks")  # the stand-in of a server
    assert server.sent and tab.locator("#runs-on input[value=server]").is_checked()
    says(tab, "#runs-note", "No picture leaves this computer")
    tab.wait_for_timeout(1000)  # what was under way
    sent = len(server.sent)
    is_drawn(tab, "overlay")
    tab.wait_for_timeout(3000)
    assert len(server.sent) == sent and tab.locator("#runs-on input[value=here]").is_checked()


def test_a_browser_that_is_too_slow_stays_with_the_server(page_here):
    tab, server = page_here()
    ask_for(tab, "999")
    tab.click("#start")
    says(tab, "#runs-note", "999 are needed")
    sent = len(server.sent)
    tab.wait_for_timeout(3000)
    assert len(server.sent) > sent


@pytest.mark.parametrize("choice", ["", "here"])
def test_a_damaged_model_is_said_and_no_chosen_picture_is_sent(page_here, here_files, choice):
    card = json.loads(here_files["card"])
    tab, server = page_here(choice, graph=here_files["graph"][:1000])
    assert card["bytes"] > 1000
    tab.click("#start")
    says(tab, "#runs-note", "did not arrive whole")
    if choice == "here":
        says(tab, "#action", "Not running")
        assert server.sent == []
        tab.locator("#runs-on label", has_text="the server").click()
    says(tab, "#action", "Jumping jacks")
    assert server.sent


def test_without_webassembly_the_server_does_it(page_here):
    tab, server = page_here()
    tab.add_init_script("delete window.WebAssembly")
    tab.reload()
    tab.wait_for_selector("#start:enabled")
    tab.click("#start")
    says(tab, "#runs-note", "no WebAssembly")
    says(tab, "#action", "Jumping jacks")
    assert server.sent
