"""What the page says, in a real Chromium, when the server gives nothing; and that it goes on by itself."""

from __future__ import annotations

import pytest

from tests.app.page_visit import says
from tests.app.page_words import ANSWERED, goes_on, greys, noted, runs

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TROUBLES = [  # what the server does, the large words, and what the line below them says
    ({"status": 500}, "No answer", "reports a failure"),
    ({"status": 502}, "No answer", "reports a failure"),
    ({"status": 408}, "No answer", "line is too slow"),
    ({"status": 413}, "No answer", "too large"),
    ({"status": 415}, "No answer", "cannot read the camera's pictures"),
    ({"status": 401}, "Logged out", "log in"),
    ({"status": 429, "headers": {"Retry-After": "1"}}, "Waiting", "goes on by itself"),
    ({"page": "<html>a proxy</html>"}, "No answer", "Something else answers"),
    ({"status": None}, "No answer", "has not answered for 2 seconds"),
]


def test_a_server_in_trouble(bare):
    tab, server = bare()
    tab.click("#start")
    runs(tab)
    fine = {name: getattr(server, name) for change, *_ in TROUBLES for name in change}
    for change, words, line in TROUBLES:
        for name, value in change.items():
            setattr(server, name, value)
        greys(tab, words, line)
        noted(tab, line)
        for name, value in fine.items():
            setattr(server, name, value)
        runs(tab)


def test_a_place_that_becomes_free(bare):
    """The camera rests until there is one."""
    tab, server = bare("const every = setInterval; window.setInterval = (deed, ms) => every(deed, Math.min(ms, 500));")
    server.full = 4
    tab.click("#start")
    tab.wait_for_selector("text=All places are taken")
    tab.wait_for_selector("text=asks every 10 seconds")
    tab.wait_for_function("window.live() === 0")
    goes_on(tab, server)
    assert tab.evaluate("window.live()") == 0 and tab.evaluate("window.asked") == 1, "no camera meanwhile"
    server.full = None
    runs(tab)


def test_a_server_that_is_gone_and_comes_back_anew(bare):
    """The page fetches a key of the new server, shows it that it lives, and says what was lost."""
    tab, server = bare()
    server.taught = ["salute", "bow"]
    tab.get_by_role("tab", name="Teach").dispatch_event("click")
    tab.evaluate("document.getElementById('teach-send').click()")
    says(tab, "#taught", "salute")
    tab.get_by_role("tab", name="Live").dispatch_event("click")
    tab.click("#start")
    runs(tab)
    tab.context.set_offline(True)
    greys(tab, "No answer", "does not answer")
    server.key, server.session, server.taught = "key 2", 2, ["bow"]
    tab.context.set_offline(False)
    noted(tab, 'The server has lost "salute"')
    says(tab, "#action", ANSWERED[0])
    assert server.beats == 1 and [path for path, _ in server.asked].count("key") == 2
    tab.get_by_role("tab", name="Teach").dispatch_event("click")
    says(tab, "#teach-said", 'The server has lost "salute"')
    assert tab.locator("#taught h3").all_inner_texts() == ["bow"]


def test_a_key_that_does_not_come_is_told(bare):
    tab, _ = bare()
    tab.route("**/gradio/key", lambda asked: asked.fulfill(json={}))
    tab.reload()
    tab.wait_for_selector("#start:enabled")
    tab.click("#start")
    says(tab, "#trouble-title", "The server gives no key")
    assert tab.evaluate("asked") == 0
    tab.unroute("**/gradio/key")
    tab.click("#retry")
    runs(tab)


def test_a_slow_line_gets_smaller_pictures(bare):
    tab, server = bare()
    tab.click("#start")
    runs(tab)
    large = max(size for _, size in server.sent)
    server.delay_s = 0.6
    noted(tab, "The line is slow")
    assert tab.locator("#action").inner_text() == ANSWERED[0], "what is shown is late, but it is true"
    for _ in range(300):
        tab.wait_for_timeout(100)
        if server.sent[-1][1] < large / 2:
            break
    assert server.sent[-1][1] < large / 2
    server.busy_s = 0.5
    noted(tab, "Too busy to follow")


def test_leaving_asks_first_where_something_would_be_lost(bare):
    tab, server = bare()
    tab.get_by_role("tab", name="Teach").dispatch_event("click")
    asked = []
    tab.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    tab.reload()
    tab.wait_for_selector("#start:enabled")
    assert not asked, "there is nothing to lose"
    server.taught = ["salute"]
    tab.get_by_role("tab", name="Teach").dispatch_event("click")
    tab.evaluate("window.ikem.then((it) => it.nextRequest())")
    tab.evaluate(
        """async (answer) => (await window.ikem).taught(answer)""", {**server.asked_for("teach", {"do": "stop"})}
    )
    tab.reload()
    tab.wait_for_selector("#start:enabled")
    assert asked == ["beforeunload"]
