"""Scores of a clip's windows as the app's stream gets them, and what the stream says by other thresholds.

The scores are computed once; the decision is cheap and taken anew for each pair of thresholds.

Shapes: W windows, K frames of a window, V joints, C classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.stream.action_stream import LIVE_HOP_S
from app.stream.decision import Decision, Stretch
from app.stream.events import LEAST_WINDOWS_S
from app.stream.person import GAP_S
from app.stream.window import Window
from models.labels import SILENT
from models.skeleton import CENTRE
from models.thresholds import Thresholds
from training.data.tracks import Track

if TYPE_CHECKING:
    from models.student import Student

BATCH = 128  # windows at a time


@dataclass(frozen=True, slots=True)
class Run:
    """Windows of a person who stays in sight.

    Attributes:
        end_W: their ends, seconds.
        scores_WC: their fused scores.
    """

    end_W: np.ndarray
    scores_WC: np.ndarray


@dataclass(frozen=True, slots=True)
class Played:
    """A clip as the stream got it.

    Attributes:
        action: the truth, a short id.
        domain: of the clip.
        seconds: how long it is.
        runs: its stretches of time in sight.
        peak: the highest smoothed score of an action that may be said; below it no threshold says a word.
    """

    action: str
    domain: str
    seconds: float
    runs: tuple[Run, ...]
    peak: float


def play_tracks(
    student: Student,
    tracks: Sequence[Track],
    labels: Sequence[str],
    window_s: float,
    frames: int,
    hop_s: float = LIVE_HOP_S,
) -> list[Played]:
    """Score the windows of clips, each played to a stream of its own.

    Args:
        student: in eval mode, with its temperature, fusion and gate.
        tracks: clips.
        labels: of its logits.
        window_s: seconds of a window.
        frames: frames of a window.
        hop_s: seconds between two windows.
    """
    import torch

    runs = [(track, list(_runs(track, window_s, frames, hop_s))) for track in tracks]
    windows = [window for _, some in runs for run in some for _, window in run]
    scores = []
    with torch.inference_mode():
        for i in range(0, len(windows), BATCH):
            some = torch.from_numpy(np.stack(windows[i : i + BATCH]))
            scores += list(student.scores(*student(some, torch.full((len(some),), window_s * 30)))[0].numpy())
    rows = iter(scores)
    return [_played(track, [_run([end_s for end_s, _ in run], rows) for run in some], labels) for track, some in runs]


def said(played: Played, labels: Sequence[str], thresholds: Thresholds) -> list[str]:
    """Return the action of each event that the stream gives of a clip, in turn.

    The timeline, which makes one event of stretches on the same movement, is left out: it can only make them fewer.
    """
    if played.peak < min([thresholds["enter"], *thresholds.get("by_label", {}).values()]):
        return []
    decision = Decision(labels, thresholds)
    ended = [stretch for run in played.runs for stretch in _decided(decision, run)]
    return [labels[s.label] for s in ended if s is not None and s.last_s - s.first_s >= LEAST_WINDOWS_S]


def _decided(decision: Decision, run: Run) -> Iterator[Stretch | None]:
    nothing_MC = np.zeros((1, run.scores_WC.shape[1]))
    for end_s, scores_C in zip(run.end_W.tolist(), run.scores_WC, strict=True):
        yield decision.update(end_s, end_s, scores_C, nothing_MC)
    yield decision.close()


def _runs(track: Track, window_s: float, frames: int, hop_s: float) -> Iterator[list[tuple[float, np.ndarray]]]:
    """Yield ends and joints of the windows of each stretch in sight, as app.stream.person has them due."""
    window, run = Window(window_s, frames), list[tuple[float, np.ndarray]]()
    since_s, seen_s, hops = None, 0.0, 0
    for time_s, joints_V3, seen_V in track.played():
        if since_s is not None and time_s - seen_s > GAP_S:
            yield run
            window.clear()
            since_s, run = None, []
        window.push(time_s, joints_V3, seen_V)
        if not seen_V[CENTRE]:
            continue
        since_s, hops = (time_s, 0) if since_s is None else (since_s, hops)
        seen_s, due = time_s, int((time_s - since_s) / hop_s + 1e-6)
        if due > hops and (read := window.resample(since_s + due * hop_s)) is not None:
            run.append((since_s + due * hop_s, read[0]))
        hops = due
    yield run


def _run(ends: Sequence[float], rows: Iterator[np.ndarray]) -> Run:
    return Run(np.array(ends), np.array([next(rows) for _ in ends]))


def _played(track: Track, runs: Sequence[Run], labels: Sequence[str]) -> Played:
    whole = tuple(run for run in runs if len(run.end_W))
    return Played(
        track.action, track.domain, track.seconds, whole, max((_peak(run, labels) for run in whole), default=0.0)
    )


def _peak(run: Run, labels: Sequence[str]) -> float:
    """Return the highest smoothed score of an action that may be said."""
    smooth, nothing_MC = Decision(labels, Thresholds(enter=1.0, leave=1.0)), np.zeros((1, len(labels)))
    said_C = np.array([label not in SILENT for label in labels])
    peak = 0.0
    for end_s, scores_C in zip(run.end_W.tolist(), run.scores_WC, strict=True):
        smooth.update(end_s, end_s, scores_C, nothing_MC)
        assert smooth.fused_C is not None
        peak = max(peak, float(smooth.fused_C[said_C].max()))
    return peak
