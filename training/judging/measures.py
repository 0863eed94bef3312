"""Measures of a shipped model besides its accuracy, judged through the app's own stream.

They ask whether the model tells what it does not know, whether it keeps silent while nobody does anything, and whether
it holds its answers when the camera is slow or shows no legs.

Shapes: T frames, V joints (25), C classes, N clips.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.classify.one_input import events_of
from app.stream.action_stream import FILE_HOP_S, ActionStream
from models.labels import IDLE, OTHER, SILENT
from models.skeleton import LOWER_BODY as LOWER
from training.data.tracks import Track
from training.judging.stream_rows import FalseEvents, LowerBody, RateAccuracy, Unknown
from training.supervised.calibration import auroc, false_alarms_at

if TYPE_CHECKING:
    from export.runtime import Recogniser

BASE_FPS = 30.0  # other rates are compared with this one
SHOWN = 0.5  # with less of the lower body's joints seen, a clip shows nothing that could be hidden


@dataclass(frozen=True, slots=True)
class Heard:
    """Answers of the stream to one track.

    Attributes:
        action: the truth, a short id.
        mean_C: scores of the clip, None where it was too short to judge.
        best: label of the largest score, "" without scores.
        events: label, start and end in seconds, in turn.
        seconds: how long the track is.
        key: of the track.
        subject: the person of the track, "" where unknown.
    """

    action: str
    mean_C: np.ndarray | None
    best: str
    events: tuple[tuple[str, float, float], ...]
    seconds: float
    key: str = ""
    subject: str = ""

    @property
    def hit(self) -> bool:
        """Whether the best label is the truth."""
        return self.best == self.action


def listen(model: Recogniser, track: Track, hop_s: float = FILE_HOP_S) -> Heard:
    """Play a whole track to a stream of its own.

    Args:
        model: the action model.
        track: timestamped joints; those marked unseen are lost to the stream too.
        hop_s: seconds between two classifications.
    """
    stream = ActionStream(model, hop_s)
    events = events_of(stream, track.played())
    mean_C = stream.clip.mean_C
    best = "" if mean_C is None else model.labels[int(np.argmax(mean_C))]
    said = tuple((event.label, float(event.start_s), float(event.end_s)) for event in events)
    return Heard(track.action, mean_C, best, said, track.seconds, track.key, track.subject)


def listen_all(model: Recogniser, tracks: Sequence[Track], title: str) -> list[Heard]:
    """Play each track as `listen` does, with a progress bar of that title."""
    from tqdm import tqdm

    return [listen(model, track) for track in tqdm(tracks, desc=title, unit="clip")]


def unknown(heard: Sequence[Heard], labels: Sequence[str]) -> Unknown:
    """Measure how well the model tells actions that it knows from what none of them names ("other").

    A clip's score is the largest mean score of a label that may be said; a clip that could not be judged scores 0.
    Clips of stillness, and of actions that are not among the labels, are left out.

    Args:
        heard: clips of both kinds.
        labels: the model's, in the order of the scores.
    """
    said_C = np.array([label not in SILENT for label in labels])
    known = [h for h in heard if h.action in labels and h.action not in SILENT]
    strange = [h for h in heard if h.action == OTHER]
    known_N, strange_N = (np.array([_sure(h, said_C) for h in some]) for some in (known, strange))
    both = bool(known and strange)
    return Unknown(
        known=len(known),
        unknown=len(strange),
        auroc=round(auroc(known_N, strange_N), 3) if both else None,
        fpr95=percent(false_alarms_at(known_N, strange_N)) if both else None,
        said_of_unknown=percent(share([bool(h.events) for h in strange])),
        said_of_known=percent(share([bool(h.events) for h in known])),
    )


def false_events(heard: Sequence[Heard]) -> FalseEvents:
    """Count the events given in clips of stillness, where each is a mistake.

    Other clips are left out.
    """
    still = [h for h in heard if h.action == IDLE]
    return _alarms([h.seconds for h in still], [label for h in still for label, _, _ in h.events])


def rates(by_rate: Mapping[float, Sequence[Heard]]) -> RateAccuracy:
    """Measure the top-1 of the same drawn scenes seen by cameras of several rates.

    Args:
        by_rate: for each rate in frames/s, clips of training.data.tracks.camera_tracks. Clips are matched by key.

    Raises:
        ValueError: BASE_FPS is missing, or a rate's clips cannot be told apart by their keys.
    """
    if BASE_FPS not in by_rate:
        raise ValueError(f"rates are compared with {BASE_FPS:g} frames a second; draw the clips at that rate too")
    judged = {rate: _by_key(heard) for rate, heard in sorted(by_rate.items())}
    common = set.intersection(*(set(clips) for clips in judged.values()))
    seen = {h.key for heard in by_rate.values() for h in heard}
    top1 = {rate: share([clips[key].hit for key in common]) for rate, clips in judged.items()}
    return RateAccuracy(
        clips=len(common),
        left_out=len(seen - common),
        top1={f"{rate:g}": percent(share) for rate, share in top1.items()},
        change={f"{rate:g}": _change(top1[BASE_FPS], share) for rate, share in top1.items()},
    )


def lower_body_unseen(model: Recogniser, tracks: Sequence[Track]) -> LowerBody:
    """Measure the top-1 of actions of the arms, as the clips are and with the lower body unseen throughout.

    Left out are clips that hardly show a lower body as they are. A clip that cannot be judged counts as a miss.

    Args:
        model: the action model.
        tracks: of any action; those of training.drawing.jobs.UPPER that the model can say are taken.
    """
    from tqdm import tqdm

    from training.drawing.jobs import UPPER

    upper = [t for t in tracks if t.action in UPPER.intersection(model.labels).difference(SILENT)]
    shown = [t for t in upper if t.seen_TV[:, LOWER].mean() >= SHOWN]
    hits = [
        (listen(model, t).hit, listen(model, without_lower_body(t)).hit)
        for t in tqdm(shown, desc="lower body unseen", unit="clip")
    ]
    seen, unseen = (share([pair[k] for pair in hits]) for k in range(2))
    return LowerBody(
        clips=len(shown),
        left_out=len(upper) - len(shown),
        seen=percent(seen),
        unseen=percent(unseen),
        change=_change(seen, unseen),
    )


def without_lower_body(track: Track) -> Track:
    """Mark the joints from the middle of the spine down as unseen, as under a desk."""
    seen_TV = track.seen_TV.copy()
    seen_TV[:, LOWER] = False
    return replace(track, seen_TV=seen_TV)


def video_idle(model: Recogniser, pose_model: Path, videos: Path, part: str) -> FalseEvents:
    """Count the events given in the real videos of stillness of one part of VIDEOS/labels.csv (see `false_events`).

    Args:
        model: the action model.
        pose_model: a pose model file (app.pose.model_file.ensure_pose_model).
        videos: folder of labels.csv and the files that it names.
        part: "val" or "test".

    Raises:
        VideoError: a file is not a readable video.
    """
    from tqdm import tqdm

    from app.classify.one_input import classify_video

    with open(videos / "labels.csv", newline="") as file:
        names = [row["file"] for row in csv.DictReader(file) if row["part"] == part and row["kind"] == IDLE]
    seconds, said = [], []
    for name in tqdm(names, desc=f"videos of stillness ({part})"):
        result = classify_video(videos / name, model, pose_model)
        said += [event.label for event in result.events]
        seconds.append(result.summary.seconds)
    return _alarms(seconds, said)


def _sure(heard: Heard, said_C: np.ndarray) -> float:
    return 0.0 if heard.mean_C is None else float(heard.mean_C[said_C].max(initial=0.0))


def _by_key(heard: Sequence[Heard]) -> dict[str, Heard]:
    """Return the clips that could be judged, by key."""
    keys = {h.key for h in heard}
    if len(keys) < len(heard) or "" in keys:
        raise ValueError("rates are matched by their keys, each once a rate: give one folder's camera_tracks for each")
    return {h.key: h for h in heard if h.mean_C is not None}


def _alarms(seconds: Sequence[float], said: Sequence[str]) -> FalseEvents:
    minutes = sum(seconds) / 60
    return FalseEvents(
        clips=len(seconds),
        minutes=round(minutes, 2),
        events=len(said),
        per_minute=round(len(said) / minutes, 2) if minutes else None,
        labels=dict(Counter(said).most_common()),
    )


def share(hits: Sequence[bool]) -> float | None:
    """Return the share that is true, in [0, 1]; None of nothing."""
    return float(np.mean(hits)) if len(hits) else None


def percent(part: float | None) -> float | None:
    """Return a share in %, with one decimal place."""
    return None if part is None else round(100 * part, 1)


def _change(before: float | None, after: float | None) -> float | None:
    """Return the change from one share to another, in points."""
    return None if before is None or after is None else percent(after - before)
