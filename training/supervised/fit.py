"""Fit of fusion weights, temperature, gate and thresholds to a trained student, in this order, on clips it never saw.

The app meets people in front of cameras. So its domains alone fit, evenly, wherever they have enough clips.

Shapes: N windows, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.labels import SILENT
from models.thresholds import Thresholds
from training.data.tracks import Track
from training.supervised import calibration
from training.supervised.gate import RIDGES, GateFit, action_odds, calibrate_gate, fit_gate, gate_loss
from training.supervised.outputs import StudentOutputs, fused, outputs_of
from training.supervised.recipe import Recipe
from training.supervised.seen import seen_parts, seen_weights
from training.supervised.stream_measures import Targets
from training.supervised.stream_scores import Played, play_tracks
from training.supervised.stream_thresholds import fit_stream_thresholds

if TYPE_CHECKING:
    from models.student import Student


KNOWN_ODDS = 5.0  # how much more an action silenced by the gate weighs than a movement let through: thresholds follow
LEAST_QUIET = 20  # windows of stillness, or of no action, in a domain, from which on a share of 5 % is one window


def fit(
    student: Student,
    choosing: Sequence[Track],
    how: Recipe,
    labels: Sequence[str],
    false_alarms: Mapping[str, float],
    fusion: Sequence[float] | None = None,
    training: Sequence[Track] = (),
    events: Targets | None = None,
    note: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Fit the fields of models.weights.StudentConfig: fusion, temperature, gate and thresholds.

    The student is given what was fitted.

    Args:
        student: in eval mode.
        choosing: held-out clips, of stillness and of no action among them.
        how: it was trained.
        labels: of its logits.
        false_alarms: "idle" and "other" -> share of their windows that may pass the threshold.
        fusion: weights that are given; None fits them.
        training: clips that trained, to fit a gate; without them the student gets none.
        events: what the stream may say where no action goes on, to choose the thresholds on it; None chooses them on
            single windows.
        note: told what the stream says by the thresholds.
    """
    labels = tuple(labels)
    held = outputs_of(student, choosing, how, labels)
    weight_N = seen_weights([track.domain for track in choosing], held.label_N.tolist())
    if fusion is None:
        fusion = calibration.fit_fusion(held.logits_NMC, held.label_N, weight_N)
    student.fusion = tuple(fusion)
    student.temperature = calibration.fit_temperature(fused(held, fusion), held.label_N, weight_N)
    student.gate = None
    if training:
        taught = outputs_of(student, training, how, labels)
        student.gate = _gate(student, taught, training, held, choosing, labels).gate(labels)
    if events is None:
        thresholds = _window_thresholds(student, held, choosing, labels, false_alarms)
    else:
        found = fit_stream_thresholds(_played(student, choosing, how, labels), labels, events)
        note(found.line())
        thresholds = found.thresholds
    return {
        "fusion": student.fusion, "temperature": student.temperature, "gate": student.gate is not None,
        "thresholds": thresholds,
    }  # fmt: skip


def _gate(
    student: Student,
    taught: StudentOutputs,
    training: Sequence[Track],
    held: StudentOutputs,
    choosing: Sequence[Track],
    labels: Sequence[str],
) -> GateFit:
    """Fit the gate: its direction on windows of all domains that train, its weights on held-out ones that choose."""
    known_N, held_known_N = (np.array([t.action not in SILENT for t in some]) for some in (training, choosing))
    even_N = calibration.even_over(list(zip((t.domain for t in training), known_N.tolist(), strict=True)))
    odds_N = action_odds(fused(held, student.fusion) / student.temperature, labels)
    weight_N = seen_weights([track.domain for track in choosing], held_known_N.tolist())
    weight_N = weight_N * np.where(held_known_N, KNOWN_ODDS, 1.0)
    weight_N /= weight_N.sum()
    fits = [
        calibrate_gate(fit_gate(taught.embedding_ND, None, known_N, even_N, ridge), held.embedding_ND, odds_N,
                       held_known_N, weight_N)
        for ridge in RIDGES
    ]  # fmt: skip
    return min(fits, key=lambda fit: gate_loss(fit.odds(held.embedding_ND, odds_N), held_known_N, weight_N))


def _played(student: Student, choosing: Sequence[Track], how: Recipe, labels: Sequence[str]) -> list[Played]:
    """Play the clips that count to the stream."""
    weight_N = seen_weights([track.domain for track in choosing], [track.action for track in choosing])
    counted = [track for track, weight in zip(choosing, weight_N, strict=True) if weight > 0]
    return play_tracks(student, counted, labels, how.window_s, how.frames)


def _window_thresholds(
    student: Student,
    held: StudentOutputs,
    choosing: Sequence[Track],
    labels: Sequence[str],
    false_alarms: Mapping[str, float],
) -> Thresholds:
    """Fit thresholds to single windows: in each domain, no more of stillness and of no action may pass than may."""
    import torch

    logits_NMC, embedding_ND = (torch.from_numpy(x).float() for x in (held.logits_NMC, held.embedding_ND))
    scores_NC = student.scores(logits_NMC, embedding_ND)[0].numpy()
    domains = [track.domain for track in choosing]
    quiet = [
        (scores_NC[part_N], share)
        for label, share in false_alarms.items()
        for part_N in seen_parts(held.label_N == labels.index(label), domains, LEAST_QUIET)
    ]
    return calibration.fit_thresholds(quiet, [labels.index(label) for label in SILENT])
