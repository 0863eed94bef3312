"""Numbers in words for people."""

from __future__ import annotations


def count(n: int, noun: str, plural: str = "") -> str:
    """Say how many there are: "1 frame", "2 frames", "3 people".

    Args:
        n: how many.
        noun: of one of them.
        plural: of several; "" adds an s to the noun.
    """
    return f"{n} {noun if n == 1 else plural or noun + 's'}"
