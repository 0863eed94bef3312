"""Tables of the model card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from training.data.splits import UNSEEN_SETS
from training.default.measured import Accuracies, ArmSummary, DataCounts, DomainScores
from training.evaluation.results import markdown
from training.judging.judge import CAMERA, KARD, RECORDED
from training.judging.rows import Accuracy, BaselineRow, Judged
from training.judging.stream_rows import FalseEvents, LowerBody, RateAccuracy, Unknown

SHORT = {RECORDED: "recorded, unseen actors", CAMERA: "camera, unseen actors", KARD: "KARD"} | {
    f"{name}, a set never trained on": name for name in UNSEEN_SETS
}
_ARMS = {
    "student": "student, pre-trained and distilled", "scratch": "student, labels alone",
    "teacher": "six-modality teacher, pre-trained",
}  # fmt: skip


def accuracy_table(
    test: Judged,
    val: Judged,
    baseline: Sequence[BaselineRow],
    trials: Sequence[ArmSummary],
    named: str = "",
    before: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Tabulate every accuracy measure: the shipped file's, the spread over seeds, and the baseline.

    Args:
        test: clips that report.
        val: clips that choose.
        baseline: the SVM's rows.
        trials: trainings beside this one.
        named: column of the version before; "" for none.
        before: measure -> its top-1.
    """
    svm = {row.measure: row.top1 for row in baseline}
    ours = next((row for row in trials if row.arm == "student-100"), None)
    chosen = {row.measure: row.accuracy for row in val.rows}
    rows = []
    for row in test.rows:
        title, told = row.measure, row.accuracy
        rows.append({
            "measure": title, "clips": told.clips, "top-1 %": f"**{told.top1}**", "top-3 %": told.top3,
            "mean over actions %": told.mean_per_action,
            **({named: before.get(title, "-")} if named else {}),
            **({f"top-1 %, {ours.seeds} seeds": _spread(ours, title)} if ours else {}),
            "plain SVM, top-1 %": _plain(svm.get(title)), "val, top-1 % (clips)": _val(chosen.get(title)),
        })  # fmt: skip
    return markdown(rows)


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _val(row: Accuracy | None) -> str:
    return "-" if row is None else f"{row.top1} ({row.clips:,})"


def _spread(row: ArmSummary, title: str) -> str:
    if title not in row.mean:
        return "-"
    spread = row.std[title]
    return f"{row.mean[title]:.1f}" + ("" if spread is None else f" +- {spread:.1f}")


def trials_table(trials: Sequence[ArmSummary], measures: Mapping[str, str]) -> str:
    """Tabulate the gain from pre-training, from the teacher's three further modalities and from more labels.

    Args:
        trials: of training.default.trials.summary.
        measures: measure -> its short name, the table's columns.
    """
    if not trials:
        return "Not repeated for this model."
    rows = []
    for row in trials:
        start, share = row.arm.rsplit("-", 1)
        rows.append(
            {"model": _ARMS[start], "labels": f"{share} % ({row.labels:,} clips)", "seeds": row.seeds}
            | {short: _spread(row, title) for title, short in measures.items() if title in row.mean}
        )
    return markdown(rows)


def rejection_table(scores: Mapping[str, DomainScores]) -> str:
    """Tabulate the scores that tell the unknown, by part and domain.

    Columns are AUROC and the unknown that pass where 95 % of the known do.
    """
    rows = []
    for k, first in enumerate(next(iter(scores.values())).rejection):
        cells = {}
        for group, held in scores.items():
            row = held.rejection[k]
            cells[_group(group)] = f"{row.auroc:.3f} / {row.fpr95:.2f}"
        rows.append({"AUROC / FPR at 95 %": first.score} | cells)
    return markdown(rows)


def calibration_table(scores: Mapping[str, DomainScores]) -> str:
    """Tabulate the expected calibration error before and after the temperature, by part and domain."""
    return markdown([
        {"clips": _group(group), "n": held.clips, "ECE before": f"{held.calibration.ece_before:.3f}",
         "ECE after": f"{held.calibration.ece_after:.3f}"}
        for group, held in scores.items()
    ])  # fmt: skip


def fusion_table(scores: Mapping[str, DomainScores], modalities: Sequence[str]) -> str:
    """Tabulate top-1 and log loss of each branch, of their plain mean and of the fitted weights, by part and domain."""
    named = {f"branch {m}": f"{name} alone" for m, name in enumerate(modalities)}
    rows = []
    for name in next(iter(scores.values())).fusion:
        cells = {}
        for group, held in scores.items():
            row = held.fusion[name]
            cells[_group(group)] = f"{row.top1:.1f} / {row.log_loss:.3f}"
        rows.append({"top-1 % / log loss": named.get(name, name)} | cells)
    return markdown(rows)


def _group(name: str) -> str:
    part, domain = name.split()
    return f"{part}, {'recorded' if domain == 'raw' else 'camera'}"


def rates_table(rates: RateAccuracy) -> str:
    """Tabulate top-1 of the same scenes at each camera rate."""
    return markdown([
        {"frames/s": rate, "top-1 %": top1, "change, points": rates.change[rate]} for rate, top1 in rates.top1.items()
    ])  # fmt: skip


def unknown_table(unknown: Mapping[str, Unknown]) -> str:
    """Tabulate what the app's own stream says of known actions and of no action, drawn and seen by the camera path."""
    return markdown([
        {"part": part, "known clips": row.known, "clips of no action": row.unknown, "AUROC": row.auroc,
         "no action that passes at 95 % of the known, %": row.fpr95,
         "known with an event, %": row.said_of_known, "no action with an event, %": row.said_of_unknown}
        for part, row in unknown.items()
    ])  # fmt: skip


def idle_table(idle: Mapping[str, FalseEvents]) -> str:
    """Tabulate the events given in stillness."""
    return markdown([
        {"material": name, "minutes": row.minutes, "events": row.events, "a minute": row.per_minute,
         "said": ", ".join(f"{label} ({n})" for label, n in row.labels.items()) or "-"}
        for name, row in idle.items() if row.minutes
    ])  # fmt: skip


def lower_body_table(lower: Mapping[str, LowerBody]) -> str:
    """Tabulate the accuracy on actions of the arms, with the lower body seen and unseen."""
    return markdown([
        {"part": part, "clips": row.clips, "top-1 %, as it is": row.seen, "top-1 %, lower body unseen": row.unseen,
         "change, points": row.change}
        for part, row in lower.items()
    ])  # fmt: skip


def models_table(models: Mapping[str, Accuracies], sets: Mapping[str, Sequence[str]]) -> str:
    """Tabulate the recipe's models beside one another.

    All are judged on the same held-out clips of all sets.

    Args:
        models: by name.
        sets: name -> the sets that train.
    """
    rows = []
    for name, held in models.items():
        row: dict[str, Any] = {"model": name, "trained on": ", ".join(sets[name])}
        for part, judged in (("val", held.val), ("test", held.test)):
            row |= {f"{SHORT[one.measure]} ({part})": one.accuracy.top1 for one in judged.rows}
            row[f"real videos ({part})"] = str(judged.videos)
        rows.append(row)
    return markdown(rows)


def sources_table(data: DataCounts, terms: Mapping[str, tuple[str, str]]) -> str:
    """Tabulate the sets: terms, who trains, and how many clips.

    Args:
        data: measured counts.
        terms: set -> (terms, which part trains).
    """
    return markdown([
        {"set": name, "terms": terms[name][0], "who trains": terms[name][1], "clips that train": f"{count:,}",
         "clips in the set": f"{data.recorded[name]:,}"}
        for name, count in data.sources.items() if name in data.recorded
    ])  # fmt: skip
