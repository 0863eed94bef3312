"""The site from a plain web server, in a real headless Chromium whose camera plays a recording of a real person.

Every request is written down: none goes to another host. Then the server ends, and the page goes on, also when it is
loaded again.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from app.teach.taught_model import load_model
from models.system.places import DEFAULT_MODEL
from tests.app.page_visit import is_drawn, says
from tests.app.site.visit import WORDS, picture

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("gradio")


def test_the_site_works_alone_and_without_a_network(open_site, tmp_path):
    tab, server, asked, said = open_site()
    says(tab, "#kept", "works without a network")
    _names_the_action(tab)
    picture(tab, "online.png")
    assert said == [], "no error in a script, and nothing that the policy refuses"
    tab.evaluate("document.getElementById('newer').hidden = false")
    tab.click("#take-newer", trial=True, timeout=10_000)  # nothing covers the button
    tab.evaluate("document.getElementById('newer').hidden = true")

    server.end()
    tab.reload()
    _names_the_action(tab)
    tab.set_viewport_size({"width": 390, "height": 844})
    picture(tab, "phone.png")
    _teaches(tab, tmp_path / "my.pack")
    foreign = [address for address in asked if not address.startswith((server.address, "blob:", "data:"))]
    assert foreign == [] and len(asked) > 60


def _names_the_action(tab) -> None:
    tab.click("#start")
    says(tab, "#action", WORDS)
    is_drawn(tab, "overlay", 100)
    assert tab.locator("#bars .bar").count() > 0 and "No picture leaves" in tab.locator("#runs-note").inner_text()


def _teaches(tab, path: Path) -> None:
    """An action is recorded and learnt, and its pack is one that the shell opens."""
    tab.click("#teach-tab-button")
    tab.fill("#teach-name", "star jump")
    stage, panel = (tab.locator(name).bounding_box() for name in ("#stage", "#teach-tab"))
    assert stage["width"] == panel["width"], "one column on a telephone, and the stage fills it"
    tab.select_option("#teach-seconds", "8")
    tab.click("#teach-record")
    says(tab, "#taught h3", "star jump")
    picture(tab, "taught.png")
    with tab.expect_download() as download:
        tab.click("#teach-save")
    download.value.save_as(path)
    model = load_model(DEFAULT_MODEL, path, device="cpu", threads=1)
    assert "star jump" in model.labels and "jumping_jack" in model.labels
