"""Calibration, fusion and the unknown, of outputs made by hand."""

import numpy as np
import pytest

from models.gate import Gate, said_labels
from models.labels import SILENT
from training.default.score_tables import LABELS, calibration, fusion_worth, rejection, unknown_scores
from training.supervised.calibration import FeatureDistance, fit_temperature
from training.supervised.outputs import StudentOutputs

FUSION = (0.5, 0.5, 0.0)


def outputs(seed: int = 0, sharp: float = 4.0) -> StudentOutputs:
    """Two good branches and one of noise; clips of no action sit at "other", a few of them elsewhere."""
    rng = np.random.default_rng(seed)
    label_N = rng.integers(0, len(LABELS), 400)
    logits_NMC = rng.normal(size=(400, 3, len(LABELS)))
    logits_NMC[np.arange(400), :2, label_N] += sharp / 2
    embedding_ND = np.eye(len(LABELS))[label_N] + 0.1 * rng.normal(size=(400, len(LABELS)))
    return StudentOutputs(logits_NMC, embedding_ND, label_N)


def test_a_temperature_that_fits_lowers_the_error() -> None:
    out = outputs()
    cold = StudentOutputs(out.logits_NMC * 5, out.embedding_ND, out.label_N)
    fitted = fit_temperature(cold.logits_NMC[:, :2].mean(1), cold.label_N)
    row = calibration(cold, FUSION, fitted)
    assert row.ece_after < row.ece_before and row.log_loss_after < row.log_loss_before
    same = calibration(cold, FUSION, 1.0)
    assert same.ece_after == same.ece_before


def test_fusion_beside_each_branch() -> None:
    rows = fusion_worth(outputs(), FUSION)
    assert list(rows) == ["branch 0", "branch 1", "branch 2", "mean", "fitted"]
    assert rows["fitted"].log_loss < rows["mean"].log_loss < rows["branch 2"].log_loss
    assert rows["fitted"].top1 > rows["branch 0"].top1 > rows["branch 2"].top1


def test_ways_to_tell_the_unknown() -> None:
    out = outputs()
    known = out.label_N < LABELS.index("idle")
    far = FeatureDistance(out.embedding_ND[known], out.label_N[known])
    rows = rejection(unknown_scores(out, FUSION, 1.0, far), out.label_N)
    assert len(rows) >= 4
    by_name = {row.score: row for row in rows}
    assert by_name["closeness of features (Mahalanobis)"].auroc > 0.99
    assert by_name["closeness of features (Mahalanobis)"].fpr95 == 0
    assert by_name["1 - score of stillness or no action"].auroc > by_name["energy of the actions"].auroc - 0.5
    assert 0.5 < by_name["best score of an action"].auroc < 1


def test_both_kinds_are_needed() -> None:
    with pytest.raises(ValueError, match="both needed"):
        rejection({"score": np.zeros(3)}, np.zeros(3, int))


def test_a_gate_is_measured_beside_the_scores_without_it() -> None:
    out = outputs()
    known = np.isin(out.label_N, [LABELS.index(label) for label in LABELS if label not in SILENT])
    gate = Gate(said_labels(LABELS), out.embedding_ND.shape[1])
    assert calibration(out, FUSION, 1.0, gate) == calibration(out, FUSION, 1.0)  # a new gate changes nothing
    told_ND = np.where(known, 1.0, -1.0)[:, None] * np.ones_like(out.embedding_ND)
    out = StudentOutputs(out.logits_NMC, told_ND, out.label_N)
    gate.direction_D.fill_(3.0)
    far = FeatureDistance(out.embedding_ND + np.random.default_rng(0).normal(size=out.embedding_ND.shape), out.label_N)
    rows = {row.score: row for row in rejection(unknown_scores(out, FUSION, 1.0, far, gate), out.label_N)}
    name = "1 - score of stillness or no action"
    assert rows[f"{name}, behind the gate"].auroc == 1.0 > rows[name].auroc
    assert calibration(out, FUSION, 1.0, gate).log_loss_after < calibration(out, FUSION, 1.0).log_loss_after
