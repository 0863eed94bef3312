"""Corrected videos as examples: each event is a clip of its action, and the rest of each person is "other" or "idle".

DIR holds videos, or their landmarks, with files of corrected events beside them (app.corrections). Windows are drawn
from inside the events. A recording whose file holds no event shows nothing that has a name. Whole videos are held back
to judge by, as people are where people are told.

Shapes: T frames, V = 25 joints.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.corrections.correction import CorrectionError
from app.corrections.find import corrected_files, recording_of
from app.corrections.formats import read_corrections
from app.pose.tracker import People, distinct
from app.types import PosedFrame
from models.labels import IDLE, OTHER, SILENT
from models.skeleton import CENTRE, bridge
from training.data.stillness import is_still
from training.data.tracks import LEAST_FRAMES, Track
from training.own.files import Example, Span
from training.own.watch import Watched, kept_of, watch_all

EDGE_S = 0.3  # an event may begin and end so much earlier or later than a person says: the rest keeps away from it
REST_S = (1.0, 5.0)  # shortest and longest clip of the rest
_FIELDS = ("person", "times", "joints", "seen")


def find_corrected(folder: Path, note: Callable[[str], None]) -> list[Example]:
    """Return an example for each corrected event of the recordings in a folder; none if there are no such files.

    A recording without events gives one example of "other" without a span.

    Args:
        folder: of recordings with files of corrected events beside them.
        note: told which files cannot be used, and why.

    Raises:
        ValueError: fewer than two actions are left.
    """
    examples: list[Example] = []
    if not folder.is_dir():
        return []
    for file in corrected_files([folder]):
        try:
            for correction in read_corrections(file):
                place = recording_of(correction, file, None)
                key = place.relative_to(folder).as_posix()
                spans = [(e.label, Span(e.person, e.start_s, e.end_s)) for e in correction.events]
                examples += [_example(place, key, action, span) for action, span in spans]
                examples += [] if spans else [Example(place, key, OTHER, key)]
        except CorrectionError as error:
            note(f"left out: {error}")
    named = {example.action for example in examples} - set(SILENT)
    if examples and len(named) < 2:
        raise ValueError(f"{folder}: its corrected events have fewer than two labels: at least two actions are needed")
    return examples


def _example(path: Path, video: str, action: str, span: Span) -> Example:
    action = action.casefold() if action.casefold() in SILENT else action
    return Example(path, f"{video} {span.start_s:.2f}-{span.end_s:.2f} s {span.person}", action, video, span=span)


def watch_corrected(
    examples: Sequence[Example], kept: Path, pose_model: Callable[[], Path], workers: int, note: Callable[[str], None]
) -> Watched:
    """Watch the recordings once, and cut out the events and the rest; see training.own.watch.watch."""
    of_video: defaultdict[Path, list[Example]] = defaultdict(list)
    for example in examples:
        of_video[example.path].append(example)
    films = [Example(path, some[0].person, "", some[0].person) for path, some in of_video.items()]
    why = watch_all(films, kept, pose_model, workers, note, everybody)
    found: list[tuple[Example, Track]] = []
    failed = [(film.key, why[film.key]) for film in films if film.key in why]
    for film in (film for film in films if film.key not in why):
        try:
            people = _people(kept_of(kept, film.path, everybody))
        except ValueError as error:
            failed.append((film.key, str(error)))
            continue
        for example in of_video[film.path]:
            if example.span is None:
                continue
            track = _cut(people.get(example.span.person), example)
            if track is None:
                failed.append((example.key, "the person is hardly in view then"))
                note(f"left out: {example.key}: the person is hardly in view then")
            else:
                found.append((example, track))
        found += _rest(film, people, of_video[film.path])
    return Watched(tuple(e for e, _ in found), tuple(t for _, t in found), tuple(failed))


def everybody(frames: Iterable[PosedFrame]) -> dict[str, np.ndarray]:
    """Return everybody's joints with the numbers that the app's stream gives them, in frames that show the shoulders.

    The arrays are (T,) person and seconds, (T, 25, 3) metres and (T, 25) seen.

    Raises:
        ValueError: nobody is in view.
    """
    people, rows = People(), []
    for frame in frames:
        for number, pose in people.update(frame.time_s, distinct(frame.poses)).items():
            joints_V3, seen_V = bridge(pose.world_V3, pose.visibility_V)
            if seen_V[CENTRE]:
                rows.append((number, frame.time_s, joints_V3.astype(np.float32), seen_V))
    if not rows:
        raise ValueError("nobody is in view: show shoulders, arms and hips")
    return {name: np.array(column) for name, column in zip(_FIELDS, zip(*rows, strict=True), strict=True)}


_Columns = tuple[np.ndarray, np.ndarray, np.ndarray]


def _people(place: Path) -> dict[int, _Columns]:
    try:
        with np.load(place, allow_pickle=False) as archive:
            person_T, *columns = (archive[name] for name in _FIELDS)
    except (OSError, ValueError, KeyError, EOFError):
        raise ValueError(f"what was kept of it is damaged: delete {place} and run again") from None
    times_T, joints_TV3, seen_TV = columns
    return {
        int(number): (times_T[mine], joints_TV3[mine], seen_TV[mine])
        for number in np.unique(person_T)
        for mine in [person_T == number]
    }


def _cut(columns: _Columns | None, example: Example) -> Track | None:
    """Return the track of an example's span, None where the person is hardly in view then."""
    assert example.span is not None
    if columns is None:
        return None
    times_T, joints_TV3, seen_TV = columns
    inside_T = (times_T >= example.span.start_s - 1e-3) & (times_T <= example.span.end_s + 1e-3)
    if inside_T.sum() < LEAST_FRAMES:
        return None
    parts = times_T[inside_T], joints_TV3[inside_T], seen_TV[inside_T]
    return Track(*parts, example.action, "", "own", "camera", example.key)


def _rest(film: Example, people: dict[int, _Columns], events: Sequence[Example]) -> list[tuple[Example, Track]]:
    """Return clips of what people do beside the events: "idle" where they keep still, else "other"."""
    found = []
    for number, columns in people.items():
        mine = [e.span for e in events if e.span is not None and e.span.person == number]
        for start_s, end_s in _gaps(columns[0], mine):
            example = _example(film.path, film.key, OTHER, Span(number, start_s, end_s))
            track = _cut(columns, example)
            if track is not None:
                action = IDLE if is_still(track) else OTHER
                found.append((replace(example, action=action), replace(track, action=action)))
    return found


def _gaps(times_T: np.ndarray, events: Sequence[Span]) -> list[tuple[float, float]]:
    """Return stretches between a person's events, of REST_S seconds each."""
    shortest, longest = REST_S
    edges, free_s = [], float(times_T[0])
    for start_s, end_s in sorted((e.start_s - EDGE_S, e.end_s + EDGE_S) for e in events):
        edges.append((free_s, start_s))
        free_s = max(free_s, end_s)
    edges.append((free_s, float(times_T[-1])))
    parts = []
    for start_s, end_s in edges:
        if end_s - start_s >= shortest:
            cuts = np.linspace(start_s, end_s, int(np.ceil((end_s - start_s) / longest)) + 1)
            parts += [(float(a), float(b)) for a, b in zip(cuts, cuts[1:])]
    return parts
