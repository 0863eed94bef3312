"""WebVTT subtitles of events, in plain words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def webvtt(events: Iterable[Mapping[str, Any]], words: Mapping[str, str]) -> Iterator[str]:
    """Yield WebVTT subtitles in plain words, with each person's number if there are several people.

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
        # A cue must last: players leave out one that ends where it starts.
        start_ms, end_ms = round(event["start"] * 1000), round(event["end"] * 1000)
        yield f"\n{_clock(start_ms)} --> {_clock(max(end_ms, start_ms + 1))}\n{text}\n"


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(milliseconds: int) -> str:
    milliseconds = max(0, milliseconds)
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"
