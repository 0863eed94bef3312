"""The model card: a template's prose (training/recipes/card.md) with the numbers that were measured.

Only `$name` in the template is filled; a name that is not known, or a number that was not measured, is an error.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.system.places import ROOT
from training.data.splits import UNSEEN_SETS
from training.evaluation.results import markdown
from training.judging.judge import CAMERA, KARD, RECORDED

if TYPE_CHECKING:
    from models.weights import StudentConfig
    from training.default.recipe import DefaultRecipe

TEMPLATE = ROOT / "training" / "recipes" / "card.md"
# What each set allows, and who of it trains (training.data.splits).
TERMS = {
    "kard": ("CC BY 4.0 (as published, not confirmed)", "odd actors"),
    "precog2016": ("MIT", "odd actors"),
    "ui_prmd": ("public domain (PDDL)", "actors 1-5, correct and incorrect form"),
    "hdm05": ("CC BY-SA 3.0", "actors 1-3"),
    "cmu8": ("free for all uses, the data may not be resold", "all"),
    "kinder_gator": ("no licence text: research", "ten of twenty actors"),
    "nw_ucla": ("no licence text: research", "odd actors"),
    "msr_daily": ("no terms found: research", "actors 1-5"),
    "cad60": ("no terms found: research", "actors 1-3"),
    "bandai_namco": ("CC BY-NC 4.0", "one of two actors"),
}
# How a set is called where models are shared, where that differs.
HUB = {
    "ui_prmd": "ui-prmd", "cmu8": "cmu-mocap", "kinder_gator": "kinder-gator", "nw_ucla": "nw-ucla",
    "msr_daily": "msr-daily-activity", "cad60": "cad-60", "bandai_namco": "bandai-namco-motion",
}  # fmt: skip
_SHORT = {RECORDED: "recorded, unseen actors", CAMERA: "camera, unseen actors", KARD: "KARD"} | {
    f"{name}, a set never trained on": name for name in UNSEEN_SETS
}
_ARMS = {
    "student": "student, pre-trained and distilled", "scratch": "student, labels alone",
    "teacher": "six-modality teacher, pre-trained",
}  # fmt: skip


def write_card(values: Mapping[str, str], out: Path, template: Path = TEMPLATE) -> None:
    """Fill the template and write OUT/README.md, whole or not at all.

    Args:
        values: text by name.
        out: folder of the model.
        template: Markdown with $names.

    Raises:
        ValueError: the template names something that is not among the values.
    """
    from models.system.atomic import write_whole

    try:
        text = string.Template(template.read_text(encoding="utf-8")).substitute(values)
    except KeyError as error:
        raise ValueError(f"{template} asks for ${error.args[0]}; there are {', '.join(sorted(values))}") from None
    write_whole(out / "README.md", lambda part: part.write_text(text, encoding="utf-8"))


def card_values(
    measured: Mapping[str, Any],
    recipe: DefaultRecipe,
    config: StudentConfig,
    name: str,
    others: Mapping[str, Mapping[str, Any]],
) -> dict[str, str]:
    """Everything that a template may name, as text.

    Args:
        measured: what training.default.appraisal.Appraisal gave.
        recipe: of the model.
        config: of the model.
        name: of the recipe's sets that trained it.
        others: name -> {"val": accuracy, "test": accuracy} of the recipe's other models, where they are made.
    """
    test, val, scores, data = (measured[name] for name in ("test", "val", "scores", "data"))
    counts, cost = data["counts"], measured["cost"]
    tables = {
        "accuracy": accuracy_table(test, val, measured["floor"], measured["trials"]),
        "trials": trials_table(measured["trials"], _SHORT),
        "rejection": rejection_table(scores), "calibration": calibration_table(scores),
        "fusion_table": fusion_table(scores, config.modalities), "rates": rates_table(measured["rates"]),
        "unknown": unknown_table(measured["unknown"]), "idle": idle_table(measured["idle"]),
        "lower_body": lower_body_table(measured["lower_body"]), "sources": sources_table(data, TERMS),
        "models": models_table({name: measured} | dict(others), recipe.sets),
        "videos_val": markdown([row | {"answers": ", ".join(row["answers"])} for row in val["clips"]]),
        "actions_recorded": markdown(test["per_action"][RECORDED]),
        "actions_camera": markdown(test["per_action"][CAMERA]),
    }  # fmt: skip
    facts = {
        "license_name": "open-data" if name == "open" else "research-data", "terms": config.terms,
        "datasets": ", ".join(HUB.get(one, one) for one in recipe.sets[name]), "sets": len(recipe.sets[name]),
        "command": "python -m training default --data DATA" + ("" if name == "all" else f" --sets {name}"),
        "version": config.version, "classes": len(config.labels) - 2, "window_s": config.window_s,
        "channels": "-".join(map(str, config.channels)), "temperature": config.temperature,
        "fusion": ", ".join(f"{n} {w:g}" for n, w in zip(config.modalities, config.fusion, strict=True)),
        "enter": config.thresholds["enter"], "leave": config.thresholds["leave"],
        "false_still": f"{100 * recipe.false_alarms['idle']:g}",
        "false_other": f"{100 * recipe.false_alarms['other']:g}", "parameters": f"{cost['parameters'] / 1e6:.2f}",
        "megabytes": f"{cost['bytes'] / 1e6:.1f}", "latency_ms": cost["latency_ms"], "processor": cost["processor"],
        "recorded_train": f"{counts['raw']['train']:,}", "recorded_val": f"{counts['raw']['val']:,}",
        "camera_train": f"{counts['camera']['train']:,}", "camera_val": f"{counts['camera']['val']:,}",
        "stage1": recipe.pretrain.stage1, "pretrain_epochs": recipe.pretrain.epochs, "seeds": len(recipe.seeds),
        "distil_epochs": recipe.distil.epochs, "epochs": recipe.train.epochs, "windows": f"{recipe.train.windows:,}",
        "few_epochs": recipe.trials.epochs, "videos_test": _of(test["videos"]), "videos_val_count": _of(val["videos"]),
    }  # fmt: skip
    return tables | {name: str(value) for name, value in facts.items()}


def _of(counts: Sequence[int]) -> str:
    hits, _, total = counts
    return f"{hits} of {total}"


def accuracy_table(test: Mapping[str, Any], val: Mapping[str, Any], floor: Sequence[Mapping[str, Any]],
                   trials: Sequence[Mapping[str, Any]]) -> str:  # fmt: skip
    """Every accuracy measure: the shipped file's, the spread over seeds, and the floor."""
    svm = {row["measure"]: row["top1"] for row in floor}
    ours = next((row for row in trials if row["arm"] == "student-100"), None)
    chosen = {row["measure"]: row for row in val["rows"]}
    rows = []
    for row in test["rows"]:
        title = row["measure"]
        rows.append({
            "measure": title, "clips": row["clips"], "top-1 %": f"**{row['top1']}**", "top-3 %": row["top3"],
            "mean over actions %": row["mean_per_action"],
            **({f"top-1 %, {ours['seeds']} seeds": _spread(ours, title)} if ours else {}),
            "plain SVM, top-1 %": _plain(svm.get(title)), "val, top-1 % (clips)": _val(chosen.get(title)),
        })  # fmt: skip
    return markdown(rows)


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _val(row: Mapping[str, Any] | None) -> str:
    return "-" if row is None else f"{row['top1']} ({row['clips']:,})"


def _spread(row: Mapping[str, Any], title: str) -> str:
    if title not in row["mean"]:
        return "-"
    spread = row["std"][title]
    return f"{row['mean'][title]:.1f}" + ("" if spread is None else f" +- {spread:.1f}")


def trials_table(trials: Sequence[Mapping[str, Any]], measures: Mapping[str, str]) -> str:
    """What pre-training, the teacher's three further modalities and more labels are worth.

    Args:
        trials: rows of training.default.trials.summary.
        measures: measure -> its short name, the table's columns.
    """
    if not trials:
        return "Not repeated for this model; the card of the model of all sets tells it."
    rows = []
    for row in trials:
        start, share = row["arm"].rsplit("-", 1)
        rows.append(
            {"model": _ARMS[start], "labels": f"{share} % ({row['labels']:,} clips)", "seeds": row["seeds"]}
            | {short: _spread(row, title) for title, short in measures.items()}
        )
    return markdown(rows)


def rejection_table(scores: Mapping[str, Any]) -> str:
    """Ways to tell the unknown: AUROC and what passes where 95 % of the known do, by part and domain."""
    groups = list(scores)
    names = [row["score"] for row in scores[groups[0]]["rejection"]]
    rows = []
    for k, name in enumerate(names):
        cells = {}
        for group in groups:
            row = scores[group]["rejection"][k]
            cells[_group(group)] = f"{row['auroc']:.3f} / {row['fpr95']:.2f}"
        rows.append({"AUROC / FPR at 95 %": name} | cells)
    return markdown(rows)


def calibration_table(scores: Mapping[str, Any]) -> str:
    """Expected calibration error before and after the temperature, by part and domain."""
    return markdown([
        {"clips": _group(group), "n": held["clips"],
         "ECE before": f"{held['calibration']['ece_before']:.3f}",
         "ECE after": f"{held['calibration']['ece_after']:.3f}"}
        for group, held in scores.items()
    ])  # fmt: skip


def fusion_table(scores: Mapping[str, Any], modalities: Sequence[str]) -> str:
    """Top-1 and log loss of each branch, of their plain mean and of the fitted weights, by part and domain."""
    groups = list(scores)
    named = {f"branch {m}": f"{name} alone" for m, name in enumerate(modalities)}
    rows = []
    for name in scores[groups[0]]["fusion"]:
        cells = {}
        for group in groups:
            row = scores[group]["fusion"][name]
            cells[_group(group)] = f"{row['top1']:.1f} / {row['log_loss']:.3f}"
        rows.append({"top-1 % / log loss": named.get(name, name)} | cells)
    return markdown(rows)


def _group(name: str) -> str:
    part, domain = name.split()
    return f"{part}, {'recorded' if domain == 'raw' else 'camera'}"


def rates_table(rates: Mapping[str, Any]) -> str:
    """Top-1 of the same scenes at each camera rate."""
    return markdown([
        {"frames/s": rate, "top-1 %": top1, "change, points": rates["change"][rate]}
        for rate, top1 in rates["top1"].items()
    ])  # fmt: skip


def unknown_table(unknown: Mapping[str, Any]) -> str:
    """The app's own stream on known actions and on no action, drawn and seen by the camera path."""
    return markdown([
        {"part": part, "known clips": row["known"], "clips of no action": row["unknown"], "AUROC": row["auroc"],
         "no action that passes at 95 % of the known, %": row["fpr95"],
         "known with an event, %": row["said_of_known"], "no action with an event, %": row["said_of_unknown"]}
        for part, row in unknown.items()
    ])  # fmt: skip


def idle_table(idle: Mapping[str, Any]) -> str:
    """Events given in stillness."""
    return markdown([
        {"material": name, "minutes": row["minutes"], "events": row["events"], "a minute": row["per_minute"],
         "said": ", ".join(f"{label} ({n})" for label, n in row["labels"].items()) or "-"}
        for name, row in idle.items() if row["minutes"]
    ])  # fmt: skip


def lower_body_table(lower: Mapping[str, Any]) -> str:
    """Actions of the arms with the lower body seen and unseen."""
    return markdown([
        {"part": part, "clips": row["clips"], "top-1 %, as it is": row["seen"],
         "top-1 %, lower body unseen": row["unseen"], "change, points": row["change"]}
        for part, row in lower.items()
    ])  # fmt: skip


def models_table(models: Mapping[str, Mapping[str, Any]], sets: Mapping[str, Sequence[str]]) -> str:
    """The recipe's models beside one another: all judged on the same held-out clips of all sets.

    Args:
        models: name -> {"val": accuracy, "test": accuracy}.
        sets: name -> the sets that train.
    """
    rows = []
    for name, held in models.items():
        row = {"model": name, "trained on": ", ".join(sets[name])}
        for part in ("val", "test"):
            row |= {f"{_SHORT[one['measure']]} ({part})": one["top1"] for one in held[part]["rows"]}
            row[f"real videos ({part})"] = _of(held[part]["videos"])
        rows.append(row)
    return markdown(rows)


def sources_table(data: Mapping[str, Any], terms: Mapping[str, tuple[str, str]]) -> str:
    """The sets: terms, who trains, and how many clips.

    Args:
        data: measured counts.
        terms: set -> (terms, which part trains).
    """
    return markdown([
        {"set": name, "terms": terms[name][0], "who trains": terms[name][1], "clips that train": f"{count:,}",
         "clips in the set": f"{data['recorded'][name]:,}"}
        for name, count in data["sources"].items() if name in data["recorded"]
    ])  # fmt: skip
