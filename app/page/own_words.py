"""The page's own words, which nobody may teach as an action's name: the headline would say one for the other."""

from __future__ import annotations

import re

from app.teach.pack import PackError

# What the headline and the stage say of camera, line and people (assets/page: verdict.js, words.js, teach.js).
OWN_WORDS = frozenset(
    (
        *("ready", "starting", "watching", "waiting", "paused", "one moment", "logged out", "not running", "get ready"),
        *("no picture", "no answer", "nobody", "nobody in view", "not sure", "not quite sure", "something else", "go"),
        *("now", "closest", "recording", "learning", "loading"),
    )
)
_PERSON = re.compile(r"(p|person|people) ?\d+")


def check_not_own(name: str) -> None:
    """Refuse a name that the page itself says of something else.

    Raises:
        PackError: it does.
    """
    plain = " ".join(name.split()).casefold().rstrip(" .!")
    if plain in OWN_WORDS or _PERSON.fullmatch(plain):
        raise PackError(f"the page itself says {name.strip()!r}: choose a name that can be told from it")
