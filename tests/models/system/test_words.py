"""Numbers in words."""

from __future__ import annotations

import pytest

from models.system.words import count


@pytest.mark.parametrize(
    ("n", "words", "said"),
    [(1, ("frame",), "1 frame"), (0, ("frame",), "0 frames"), (2, ("frame",), "2 frames"),
     (1, ("person", "people"), "1 person"), (3, ("person", "people"), "3 people")],
)  # fmt: skip
def test_how_many(n: int, words: tuple[str, ...], said: str) -> None:
    assert count(n, *words) == said
