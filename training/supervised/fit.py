"""Fit of fusion weights, temperature and thresholds to a trained student, on clips that it never saw.

Shapes: N windows, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from models.labels import SILENT
from training.data.tracks import Track
from training.supervised import calibration
from training.supervised.outputs import fused, outputs_of
from training.supervised.recipe import Recipe

if TYPE_CHECKING:
    from models.student import Student

LEAST_QUIET = 20  # drawn windows of stillness, or of no action, from which on they alone choose the threshold


def fit(
    student: Student,
    choosing: Sequence[Track],
    how: Recipe,
    labels: Sequence[str],
    false_alarms: Mapping[str, float],
    fusion: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Fit the fields of models.weights.StudentConfig: fusion, temperature and thresholds.

    Args:
        student: in eval mode.
        choosing: held-out clips, of stillness and of no action among them.
        how: it was trained.
        labels: of its logits.
        false_alarms: "idle" and "other" -> share of their windows that may pass the threshold.
        fusion: weights that are given; None fits them.
    """
    labels = tuple(labels)
    held = outputs_of(student, choosing, how, labels)
    if fusion is None:
        fusion = calibration.fit_fusion(held.logits_NMC, held.label_N)
    mean_NC = fused(held, fusion)
    temperature = calibration.fit_temperature(mean_NC, held.label_N)
    scores_NC = calibration.softmax(mean_NC / temperature)
    quiet = []
    for label, share in false_alarms.items():
        mine_N = held.label_N == labels.index(label)
        # What the app meets is the camera's domain; without enough drawn clips, the recorded ones must do.
        seen_N = mine_N & np.array([track.domain == "camera" for track in choosing])
        quiet.append((scores_NC[seen_N if seen_N.sum() >= LEAST_QUIET else mine_N], share))
    thresholds = calibration.fit_thresholds(quiet, [labels.index(label) for label in SILENT])
    return {"fusion": tuple(fusion), "temperature": temperature, "thresholds": thresholds}
