"""What corrected events teach: examples of what was missed, and of what something was wrongly taken for.

What was said rightly teaches nothing new and stays as it is, except beside something of the same name that was missed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from app.corrections.compare import Compared, half, shared_s
from app.types import ActionEvent
from models.labels import OTHER, SILENT

MOST_REST = 12  # counter-examples of all that is taught, of one recording
AROUND_S = 0.5  # on either side of a wrong event
MOST_OF_RECORDING = 120  # examples and counter-examples
MOST_OF_EVENT = 6  # examples of one event, spread over it


class Taught(NamedTuple):
    """A stretch of a person's movement that teaches.

    Attributes:
        label: what is taught; "" for all that is, of which it is a counter-example.
        counter: whether it shows what that is not.
        person: whose movement.
        start_s, end_s: of the stretch, seconds.
    """

    label: str
    counter: bool
    person: int
    start_s: float
    end_s: float


def lacking(compared: Compared, truth: Sequence[ActionEvent]) -> set[str]:
    """Return the labels that need examples: of what was missed, and of idle or other that was taken for an action."""
    return {event.label for event in (*compared.missed, *_mistaken(compared, truth))}


def _mistaken(compared: Compared, truth: Sequence[ActionEvent]) -> list[ActionEvent]:
    return [event for event in truth if event.label in SILENT and half(event, compared.false)]


def to_teach(
    compared: Compared, truth: Sequence[ActionEvent], labels: Collection[str], taught: Collection[str], longest_s: float
) -> list[Taught]:
    """Return what corrected events teach, the examples before the counter-examples.

    Args:
        compared: what was said of the recording, against the corrected events.
        truth: the corrected events.
        labels: that need examples, see `lacking`.
        taught: actions that have examples already.
        longest_s: longest example, seconds.
    """
    mistaken = _mistaken(compared, truth)
    shown = [event for event in truth if event.label in set(labels) - set(SILENT)] + mistaken
    counters = []
    for event in compared.false:
        known = event.label in taught or event.label in labels
        if known:
            counters.append(event)
        if not known and not half(event, truth):
            shown.append(_all_of(event, truth))
    found = [
        Taught(event.label, counter, event.person, *part)
        for some, counter in ((shown, False), (counters, True))
        for event in some
        for part in _parts(event, longest_s)
    ]
    return _spread(found, MOST_OF_RECORDING)


def rest_of(times: Mapping[int, np.ndarray], taught: Sequence[Taught], window_s: float) -> list[Taught]:
    """Return stretches of a recording that show nothing of what is taught: counter-examples of all of it.

    They are windows that keep clear of what is taught, spread over the recording.

    Args:
        times: seconds at which each person is seen.
        taught: what the recording teaches.
        window_s: length of a window.
    """
    free = []
    for person, seen in times.items():
        for middle_s in np.arange(seen[0] + window_s / 2, seen[-1] - window_s / 2 + 1e-6, window_s / 2).tolist():
            start_s, end_s = middle_s - window_s / 2, middle_s + window_s / 2
            if not any(o.person == person and o.start_s < end_s and start_s < o.end_s for o in taught):
                free.append(Taught("", True, person, start_s, end_s))
    return _spread(free, MOST_REST)


def _spread(taught: list[Taught], most: int) -> list[Taught]:
    """Return so many of some stretches, spread over them, or all if there are no more."""
    return [taught[k] for k in np.unique(np.linspace(0, len(taught) - 1, min(len(taught), most)).round().astype(int))]


def _all_of(event: ActionEvent, truth: Sequence[ActionEvent]) -> ActionEvent:
    """Return a wrong event as one of other movement, with what led to it and away from it if that has no name."""
    start_s, end_s = max(0.0, event.start_s - AROUND_S), event.end_s + AROUND_S
    wide = ActionEvent(event.person, OTHER, start_s, end_s, 1.0, ((OTHER, 1.0),), {})
    free = not any(shared_s(wide, other) for other in truth)
    return wide if free else replace(wide, start_s=event.start_s, end_s=event.end_s)


def _parts(event: ActionEvent, longest_s: float) -> Iterator[tuple[float, float]]:
    """Yield parts of an event of about a window or less, or half of it for what has no name, spread over it."""
    shorter_s = longest_s / 2 if event.label in SILENT else longest_s  # it is to be known at each moment
    whole = max(1, round((event.end_s - event.start_s) / shorter_s))
    edges = np.linspace(event.start_s, event.end_s, whole + 1)
    for k in np.unique(np.linspace(0, whole - 1, min(whole, MOST_OF_EVENT)).round().astype(int)):
        yield float(edges[k]), float(edges[k + 1])


def by_label(taught: Sequence[Taught]) -> dict[tuple[str, bool], list[int]]:
    """Return the places of the stretches by label and whether they are counter-examples, in the order given."""
    places: defaultdict[tuple[str, bool], list[int]] = defaultdict(list)
    for place, one in enumerate(taught):
        places[one.label, one.counter].append(place)
    return dict(places)
