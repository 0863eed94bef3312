"""The repetitions of one input, summed over its events."""

from __future__ import annotations

from app.types import ActionEvent


class Counts:
    """The sum of repetitions by person and action; events that are not counted add nothing."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, str], int] = {}

    def add(self, event: ActionEvent) -> None:
        """Add an event."""
        if event.count is not None:
            key = (event.person, event.label)
            self._sums[key] = self._sums.get(key, 0) + event.count

    def __str__(self) -> str:
        """Return such as "squat 12; clap 8", each with its person's number where several people are counted."""
        several = len({person for person, _ in self._sums}) > 1
        ordered = sorted(self._sums.items(), key=lambda item: item[0][0])
        return "; ".join(
            f"{f'person {person}: ' if several else ''}{label} {number}" for (person, label), number in ordered
        )


def counted(counts: str | None) -> str:
    """Return what an input's line in the terminal says of its sums; nothing where they are not asked for (None)."""
    if counts is None:
        return ""
    return f", counted: {counts}" if counts else ", nothing counted"
