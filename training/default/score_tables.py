"""Quality of a trained student's scores: calibration, fusion and rejection of the unknown.

Everything is measured on clips that chose the parameters (val) and on clips that only report (test).

Shapes: N clips, M modalities, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from models.labels import DISPLAY, OTHER, SILENT
from training.default.measured import Calibration, FusionRow, Rejection
from training.supervised import calibration as calibrate
from training.supervised.outputs import StudentOutputs, fused

if TYPE_CHECKING:
    from models.gate import Gate

LABELS = tuple(DISPLAY)
TINY = 1e-30  # a score of 0 is no certainty that single precision can hold
_SILENT = [LABELS.index(label) for label in SILENT]
_SAID = [c for c in range(len(LABELS)) if c not in _SILENT]
_OTHER = LABELS.index(OTHER)


def calibration(
    out: StudentOutputs, fusion: Sequence[float], temperature: float, gate: Gate | None = None
) -> Calibration:
    """Measure the fused score's expected calibration error and log loss, before and after temperature and gate."""

    def error(scores_NC: np.ndarray) -> float:
        return round(calibrate.calibration_error(scores_NC, out.label_N), 4)

    def loss(scores_NC: np.ndarray) -> float:
        return round(calibrate.log_loss(np.log(np.maximum(scores_NC, TINY)), out.label_N), 4)

    before_NC, after_NC = (final_scores(out, fusion, *how) for how in ((1.0, None), (temperature, gate)))
    return Calibration(
        ece_before=error(before_NC), log_loss_before=loss(before_NC),
        ece_after=error(after_NC), log_loss_after=loss(after_NC),
    )  # fmt: skip


def final_scores(
    out: StudentOutputs, fusion: Sequence[float], temperature: float, gate: Gate | None = None
) -> np.ndarray:
    """Return the fused scores (N, C), behind the gate if there is one."""
    logits_NC = fused(out, fusion) / temperature
    if gate is None:
        return calibrate.softmax(logits_NC)
    import torch

    return gate(*(torch.from_numpy(x).float() for x in (logits_NC, out.embedding_ND))).numpy()


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
    out: StudentOutputs,
    fusion: Sequence[float],
    temperature: float,
    far: calibrate.FeatureDistance,
    gate: Gate | None = None,
) -> dict[str, np.ndarray]:
    """Compute the scores that should be high where an action of the list goes on, (N,) by name.

    Args:
        out: of the clips.
        fusion: weights of the modalities.
        temperature: of the scores.
        far: fitted on the training clips' embeddings.
        gate: of the student, if it has one.
    """
    mean_NC = fused(out, fusion)
    scores_NC = calibrate.softmax(mean_NC / temperature)
    gated_NC = final_scores(out, fusion, temperature, gate)
    behind = {
        "best score of an action, behind the gate": gated_NC[:, _SAID].max(1),
        "1 - score of stillness or no action, behind the gate": 1 - gated_NC[:, _SILENT].sum(1),
    }
    return {
        "best score of an action": scores_NC[:, _SAID].max(1),
        "1 - score of stillness or no action": 1 - scores_NC[:, _SILENT].sum(1),
        "best score, no class for no action": calibrate.softmax(mean_NC[:, _SAID] / temperature).max(1),
        "energy of the actions": calibrate.energy(mean_NC, _SAID),
        "closeness of features (Mahalanobis)": far(out.embedding_ND),
    } | (behind if gate is not None else {})


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
