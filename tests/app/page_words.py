"""What a test of the page's words looks at: the words, the bars, the figure, the overlay and the note on the stage."""

from __future__ import annotations

from tests.app.page_visit import DRAWN_PIXELS, PATIENCE_MS, is_drawn, says

ANSWERED = ("Jumping jacks", "86% sure")  # what tests.app.bare_page answers to a picture

_NO_TROUBLE = "(note) => !note.checkVisibility() || /fewer than 7|line is slow|Too busy/.test(note.textContent)"


def drawn(tab, canvas: str) -> int:
    return tab.evaluate(f"({DRAWN_PIXELS})('{canvas}')")


def runs(tab) -> None:
    """Wait until the page shows answers; on a busy machine it may say that they are few."""
    says(tab, "#action", ANSWERED[0])
    says(tab, "#sure", ANSWERED[1])
    is_drawn(tab, "overlay", 0)
    tab.wait_for_function(f"({_NO_TROUBLE})(document.getElementById('stage-note'))")


def greys(tab, words: str, line: str) -> None:
    """Wait for these words; nothing of the last answer may be left then, and the stage says the line too."""
    says(tab, "#action", words)
    says(tab, "#sure", line)
    assert tab.locator("#action.idle").count() == 1
    assert tab.locator("#bars .bar").count() == 0 and tab.locator("#unseen").is_visible()
    assert drawn(tab, "overlay") == drawn(tab, "figure") == drawn(tab, "strip") == 0
    assert tab.locator("#spoken").inner_text() not in ANSWERED
    assert tab.locator("#fps").text_content() == "\u2013"


def noted(tab, line: str) -> None:
    says(tab, "#stage-note", line)


def goes_on(tab, server) -> None:
    """Wait until two more pictures have been sent."""
    count = len(server.sent)
    for _ in range(PATIENCE_MS // 50):
        if len(server.sent) >= count + 2:
            return
        tab.wait_for_timeout(50)
    raise AssertionError("no more pictures are sent")
