"""Names that the page itself says of something else cannot be taught, and the list of them is complete."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("gradio")

from app.page.own_words import OWN_WORDS, check_not_own
from app.page.teach_tab import answered
from app.page.theme import PAGE_ASSETS
from app.teach.pack import PackError


@pytest.mark.parametrize("name", ["Ready", " not  SURE ", "P0", "person 3", "Something else", "Watching ..."])
def test_the_pages_own_words_are_refused(name):
    with pytest.raises(PackError, match="choose a name that can be told from it"):
        check_not_own(name)


@pytest.mark.parametrize("name", ["salute", "ready stance", "watching birds", "P", "person", "not", "\u51c6\u5907"])
def test_other_names_are_not(name):
    check_not_own(name)


class Untaught:
    """A lesson in which nothing was taught yet, and nothing can be."""

    pack, recording, only = None, "", False

    def clip_names(self):
        return []

    def start(self, name, counter):
        raise AssertionError("nothing may begin")

    def set_only(self, only):
        raise PackError("the model already knows 'wave': teach it under another name, or use the pack with --only")


def test_the_page_says_why():
    said = answered(Untaught(), {"do": "start", "name": "Ready"})
    assert said["failed"] and said["said"].startswith("The page itself says 'Ready'")


def test_the_page_speaks_of_its_own_switch():
    said = answered(Untaught(), {"do": "only", "on": False})["said"]
    assert "--only" not in said and said.endswith('switch "Only my actions are named" on first')


def test_all_that_the_headline_says_is_known():
    texts = "".join(path.read_text(encoding="utf-8") for path in PAGE_ASSETS.glob("*.js"))
    said = re.findall(r'\btext: "([^"]+)"', texts)  # of verdicts
    words = PAGE_ASSETS / "words.js"
    if words.is_file():  # of camera and line
        states = words.read_text(encoding="utf-8").partition("const STATES = {")[2].partition("\n};")[0]
        said += re.findall(r'^  "?[\w ]+"?: \["([^"]+)",', states, re.M)
    assert said and {text.casefold() for text in said} <= OWN_WORDS
