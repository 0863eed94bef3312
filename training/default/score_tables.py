"""Quality of a trained student's scores: calibration, fusion and rejection of the unknown.

Everything is measured on clips that chose the parameters (val) and on clips that only report (test).

Shapes: N clips, M modalities, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.labels import DISPLAY, OTHER, SILENT
from training.default.measured import Calibration, FusionRow, Rejection
from training.supervised import calibration as calibrate
from training.supervised.outputs import StudentOutputs, fused

LABELS = tuple(DISPLAY)
_SILENT = [LABELS.index(label) for label in SILENT]
_SAID = [c for c in range(len(LABELS)) if c not in _SILENT]
_OTHER = LABELS.index(OTHER)


def calibration(out: StudentOutputs, fusion: Sequence[float], temperature: float) -> Calibration:
    """Measure the fused score's expected calibration error and log loss, before and after the temperature."""
    mean_NC = fused(out, fusion)

    def error(t: float) -> float:
        return round(calibrate.calibration_error(calibrate.softmax(mean_NC / t), out.label_N), 4)

    def loss(t: float) -> float:
        return round(calibrate.log_loss(mean_NC / t, out.label_N), 4)

    return Calibration(
        ece_before=error(1.0), log_loss_before=loss(1.0), ece_after=error(temperature), log_loss_after=loss(temperature)
    )


def fusion_worth(out: StudentOutputs, fusion: Sequence[float]) -> dict[str, FusionRow]:
    """Measure each way to weigh the branches: log loss at its own best temperature, and top-1 in %.

    The ways are each branch alone, the branches' mean and the fitted weights.
    """
    M = out.logits_NMC.shape[1]
    weights = {f"branch {m}": np.eye(M)[m] for m in range(M)} | {"mean": np.full(M, 1 / M), "fitted": np.array(fusion)}
    rows = {}
    for name, weight_M in weights.items():
        mean_NC = fused(out, weight_M)
        loss = min(calibrate.log_loss(mean_NC / t, out.label_N) for t in calibrate.TEMPERATURES[::4])
        right_N = mean_NC.argmax(1) == out.label_N
        rows[name] = FusionRow(log_loss=round(loss, 4), top1=round(100 * float(right_N.mean()), 2))
    return rows


def unknown_scores(
    out: StudentOutputs, fusion: Sequence[float], temperature: float, far: calibrate.FeatureDistance
) -> dict[str, np.ndarray]:
    """Compute the scores that should be high where an action of the list goes on, (N,) by name.

    Args:
        out: of the clips.
        fusion: weights of the modalities.
        temperature: of the scores.
        far: fitted on the training clips' embeddings.
    """
    mean_NC = fused(out, fusion)
    scores_NC = calibrate.softmax(mean_NC / temperature)
    return {
        "best score of an action": scores_NC[:, _SAID].max(1),
        "1 - score of stillness or no action": 1 - scores_NC[:, _SILENT].sum(1),
        "best score, no class for no action": calibrate.softmax(mean_NC[:, _SAID] / temperature).max(1),
        "energy of the actions": calibrate.energy(mean_NC, _SAID),
        "closeness of features (Mahalanobis)": far(out.embedding_ND),
    }


def rejection(scores: dict[str, np.ndarray], label_N: np.ndarray) -> tuple[Rejection, ...]:
    """Measure how well each score tells known actions from no action, a row a score.

    A row holds AUROC and the unknown that pass where 95 % of the known do.

    Raises:
        ValueError: one of the two kinds is missing.
    """
    known_N, unknown_N = np.isin(label_N, _SAID), label_N == _OTHER
    if not (known_N.any() and unknown_N.any()):
        raise ValueError("clips of actions and clips of no action are both needed to tell the unknown")
    return tuple(
        Rejection(
            score=name,
            auroc=round(calibrate.auroc(value_N[known_N], value_N[unknown_N]), 3),
            fpr95=round(calibrate.false_alarms_at(value_N[known_N], value_N[unknown_N]), 3),
        )
        for name, value_N in scores.items()
    )
