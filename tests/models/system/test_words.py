"""Numbers in words."""

from __future__ import annotations

import pytest

from models.system.words import count, why


@pytest.mark.parametrize(
    ("n", "words", "said"),
    [(1, ("frame",), "1 frame"), (0, ("frame",), "0 frames"), (2, ("frame",), "2 frames"),
     (1, ("person", "people"), "1 person"), (3, ("person", "people"), "3 people")],
)  # fmt: skip
def test_how_many(n: int, words: tuple[str, ...], said: str) -> None:
    assert count(n, *words) == said


def test_errors_of_the_system_without_pythons_numbers() -> None:
    assert why(FileNotFoundError(2, "No such file or directory", "a.txt")) == "a.txt: No such file or directory"
    assert why(OSError(28, "No space left on device")) == "No space left on device"
    assert why(ValueError("what to do")) == "what to do" and why(OSError("as it is")) == "as it is"
