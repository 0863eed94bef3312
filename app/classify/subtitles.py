"""WebVTT subtitles of events, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def webvtt(events: Iterable[Mapping[str, Any]], words: Mapping[str, str]) -> Iterator[str]:
    """Yield WebVTT subtitles in plain words, with each person's number if there are several people.

    Where an action is counted, its number follows the words, and goes up with each repetition.

    Args:
        events: lines of JSON, read back.
        words: plain words for each label.

    Yields:
        Parts of a WebVTT file, in order.
    """
    events = sorted(events, key=lambda event: (event["start"], event["end"]))
    several = len({event["person"] for event in events}) > 1
    yield "WEBVTT\n"
    for event in events:
        text = _escaped(words.get(event["label"], event["label"]))
        text = f"person {event['person']}: {text}" if several else text
        for start_ms, end_ms, number in _parts(event):
            yield f"\n{_clock(start_ms)} --> {_clock(end_ms)}\n{text}{f' {number}' if number else ''}\n"


def _parts(event: Mapping[str, Any]) -> Iterator[tuple[int, int, int]]:
    """Yield the parts of an event between its repetitions: start and end in ms, and how many there were before."""
    start_ms, end_ms = round(event["start"] * 1000), round(event["end"] * 1000)
    times_ms = [min(max(round(time_s * 1000), start_ms), end_ms) for time_s in event.get("repetitions", ())]
    first = (event.get("count") or 0) - len(times_ms)  # of very many, the first have no times
    edges = [start_ms, *times_ms, end_ms]
    for number, (from_ms, until_ms) in enumerate(zip(edges, edges[1:]), first):
        last = number == first + len(times_ms)
        # A cue must last: players leave out one that ends where it starts.
        if until_ms > from_ms or last:
            yield from_ms, max(until_ms, from_ms + 1), number


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(milliseconds: int) -> str:
    milliseconds = max(0, milliseconds)
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"
