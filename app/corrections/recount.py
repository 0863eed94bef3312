"""Corrected events, counted anew: how often an action was repeated in the time that a person gave it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import replace

from app.counting.actions import is_counted
from app.counting.counter import AFTER_S, BEFORE_S, EDGE_S, Counted
from app.counting.stretch import counted_between
from app.teach.examples import Demonstration
from app.types import ActionEvent

MOST_S = 3600.0  # of events that are counted anew at a time: four people for a quarter of an hour ...
MOST_EVENTS = 500  # ... and most of them; the others have no number
_SAME_S = 2e-3  # times are written to the millisecond

Movement = Callable[[int, float, float], Demonstration]  # of a person, from a second to a second
Key = tuple[int, str, float, float]
Known = MutableMapping[Key, Counted | None]


def recounted(
    events: Sequence[ActionEvent], movement: Movement, found: Sequence[ActionEvent] = (), known: Known | None = None
) -> list[ActionEvent]:
    """Return events with their repetitions; those that are as they were found keep theirs.

    An edge is known to about EDGE_S, and a repetition may reach over it. Where another event of the person begins or
    ends there, each repetition belongs to the one in whose time its far point lies, so that the parts of an event that
    is split have together what it had.

    Args:
        events: of one recording.
        movement: returns how a person moves in a stretch of time.
        found: events that the stream gave of the same recording.
        known: what was counted before; what is counted now is added.
    """
    known, as_found, edges = {} if known is None else known, {_key(event): event for event in found}, _Edges(events)
    out, seconds, new = [], 0.0, 0
    for event in events:
        if (same := as_found.get(_key(event))) is not None:
            out.append(replace(event, count=same.count, repetitions_s=same.repetitions_s))
            continue
        start_s, end_s = edges.of(event)
        key = event.person, event.label, start_s, end_s
        if key not in known and is_counted(event.label) and seconds < MOST_S and new < MOST_EVENTS:
            seconds, new = seconds + event.end_s - event.start_s, new + 1
            one = movement(event.person, start_s - BEFORE_S, end_s + AFTER_S)
            known[key] = counted_between(one.times_T, one.joints_TV3, one.seen_TV, event.label, start_s, end_s)
        counted = known.get(key)
        number, times_s = (None, ()) if counted is None else (counted.count, counted.times_s)
        out.append(replace(event, count=number, repetitions_s=times_s))
    return out


def movement_of(people: Mapping[int, Demonstration]) -> Movement:
    """Return the movement of people that is there as a whole."""
    return lambda person, from_s, to_s: people.get(person, Demonstration.of_person([]))


def _key(event: ActionEvent) -> Key:
    return event.person, event.label, round(event.start_s, 3), round(event.end_s, 3)


class _Edges:
    """The starts and ends of everybody's events."""

    def __init__(self, events: Sequence[ActionEvent]) -> None:
        self._starts, self._ends = defaultdict[int, list[float]](list), defaultdict[int, list[float]](list)
        for event in events:
            insort(self._starts[event.person], event.start_s)
            insort(self._ends[event.person], event.end_s)

    def of(self, event: ActionEvent) -> tuple[float, float]:
        """Return start and end for the counter, which takes far points up to EDGE_S outside of them."""
        starts, ends = self._starts[event.person], self._ends[event.person]
        before, after = bisect_right(ends, event.start_s + _SAME_S), bisect_left(starts, event.end_s - _SAME_S)
        start_s = max(event.start_s, ends[before - 1] + EDGE_S) if before else event.start_s
        return start_s, min(event.end_s, starts[after] - EDGE_S) if after < len(starts) else event.end_s
