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


def why(error: Exception) -> str:
    """Return what an error says, and of one of the system its words and its file without Python's numbers."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    name = error.filename if isinstance(error.filename, str) else ""
    return f"{name}: {error.strerror}" if name else error.strerror
