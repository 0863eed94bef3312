"""Model card: a template's prose (training/recipes/card.md) with the numbers that were measured.

Only `$name` in the template is filled; a name that is not known, or a number that was not measured, is an error.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from models.labels import IDLE, OTHER
from models.system.atomic import write_text
from models.system.places import ROOT
from training.default.card_tables import (
    SHORT,
    accuracy_table,
    calibration_table,
    fusion_table,
    idle_table,
    lower_body_table,
    models_table,
    rates_table,
    rejection_table,
    sources_table,
    trials_table,
    unknown_table,
)
from training.evaluation.results import markdown
from training.judging.judge import CAMERA, RECORDED
from training.judging.rows import as_dicts

if TYPE_CHECKING:
    from models.weights import StudentConfig
    from training.default.measured import Accuracies, ModelMeasures
    from training.default.recipe import DefaultRecipe

TEMPLATE = ROOT / "training" / "recipes" / "card.md"
# Terms of each set, and its actors that train (training.data.splits).
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
# Names of the sets where models are shared, if they are others.
HUB = {
    "ui_prmd": "ui-prmd", "cmu8": "cmu-mocap", "kinder_gator": "kinder-gator", "nw_ucla": "nw-ucla",
    "msr_daily": "msr-daily-activity", "cad60": "cad-60", "bandai_namco": "bandai-namco-motion",
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
    try:
        text = string.Template(template.read_text(encoding="utf-8")).substitute(values)
    except KeyError as error:
        raise ValueError(f"{template} asks for ${error.args[0]}; there are {', '.join(sorted(values))}") from None
    write_text(out / "README.md", text)


def card_values(
    measured: ModelMeasures, recipe: DefaultRecipe, config: StudentConfig, name: str, others: Mapping[str, Accuracies]
) -> dict[str, str]:
    """Return everything that a template may name, as text.

    Args:
        measured: what training.default.appraisal.Appraisal gave.
        recipe: of the model.
        config: of the model.
        name: of the recipe's sets that trained it.
        others: accuracy of the recipe's other models by name, where they are made.
    """
    test, val, scores, data = measured.accuracy.test, measured.accuracy.val, measured.scores, measured.data
    counts, cost = data.counts, measured.cost
    tables = {
        "accuracy": accuracy_table(test, val, measured.baseline, measured.trials),
        "trials": trials_table(measured.trials, SHORT),
        "rejection": rejection_table(scores), "calibration": calibration_table(scores),
        "fusion_table": fusion_table(scores, config.modalities), "rates": rates_table(measured.rates),
        "unknown": unknown_table(measured.unknown), "idle": idle_table(measured.idle),
        "lower_body": lower_body_table(measured.lower_body), "sources": sources_table(data, TERMS),
        "models": models_table({name: measured.accuracy} | dict(others), recipe.sets),
        "videos_val": markdown([clip.cells() for clip in val.clips]),
        "actions_recorded": markdown(as_dicts(test.per_action[RECORDED])),
        "actions_camera": markdown(as_dicts(test.per_action[CAMERA])),
    }  # fmt: skip
    facts = {
        "license_name": "open-data" if name == "open" else "research-data", "terms": config.terms,
        "datasets": ", ".join(HUB.get(one, one) for one in recipe.sets[name]), "sets": len(recipe.sets[name]),
        "command": "python -m training default --data DATA" + ("" if name == "all" else f" --sets {name}"),
        "version": config.version, "classes": len(config.labels) - 2, "window_s": config.window_s,
        "channels": "-".join(map(str, config.channels)), "temperature": config.temperature,
        "fusion": ", ".join(f"{n} {w:g}" for n, w in zip(config.modalities, config.fusion, strict=True)),
        "enter": config.thresholds["enter"], "leave": config.thresholds["leave"],
        "false_still": f"{100 * recipe.false_alarms[IDLE]:g}",
        "false_other": f"{100 * recipe.false_alarms[OTHER]:g}", "parameters": f"{cost.parameters / 1e6:.2f}",
        "megabytes": f"{cost.bytes / 1e6:.1f}", "latency_ms": cost.latency_ms, "processor": cost.processor,
        "recorded_train": f"{counts['raw']['train']:,}", "recorded_val": f"{counts['raw']['val']:,}",
        "camera_train": f"{counts['camera']['train']:,}", "camera_val": f"{counts['camera']['val']:,}",
        "stage1": recipe.pretrain.stage1, "pretrain_epochs": recipe.pretrain.epochs, "seeds": len(recipe.seeds),
        "distil_epochs": recipe.distil.epochs, "epochs": recipe.train.epochs, "windows": f"{recipe.train.windows:,}",
        "few_epochs": recipe.trials.epochs, "videos_test": test.videos, "videos_val_count": val.videos,
    }  # fmt: skip
    return tables | {name: str(value) for name, value in facts.items()}
