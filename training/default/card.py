"""Model card: a template's prose (training/recipes/card.md) with the numbers that were measured.

Only `$name` in the template is filled; a name that is not known, or a number that was not measured, is an error.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.system.atomic import write_text
from models.system.places import RECIPES
from training.data.materials import Materials
from training.default import card_words as words
from training.default import live_tables as live
from training.default.before import Before, Tried
from training.default.build import PRETRAINED, SCRATCH
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
from training.default.trials import WEBCAM
from training.evaluation.results import markdown
from training.judging.judge import CAMERA, RECORDED
from training.judging.rows import as_dicts

if TYPE_CHECKING:
    from models.weights import StudentConfig
    from training.default.measured import Accuracies, ModelMeasures
    from training.default.recipe import DefaultRecipe

TEMPLATE = RECIPES / "card.md"
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
    "utd_mhad": ("no terms found: research", "odd actors, skeletons alone"),
    "totalcapture_mocap": ("research terms, not confirmed", "all, skeletons alone"),
    "karate_kata": ("no terms found: research", "all, skeletons alone"),
    "irds_sample": ("not confirmed: research", "all, skeletons alone"),
}
# Names of the sets where models are shared, if they are others.
HUB = {
    "ui_prmd": "ui-prmd", "cmu8": "cmu-mocap", "kinder_gator": "kinder-gator", "nw_ucla": "nw-ucla",
    "msr_daily": "msr-daily-activity", "cad60": "cad-60", "bandai_namco": "bandai-namco-motion",
    "utd_mhad": "utd-mhad", "totalcapture_mocap": "totalcapture", "karate_kata": "karate-kata", "irds_sample": "irds",
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
    write_text(out / "README.md", re.sub(r"\n{3,}", "\n\n", text))


def card_values(
    measured: ModelMeasures,
    recipe: DefaultRecipe,
    config: StudentConfig,
    name: str,
    others: Mapping[str, Accuracies],
    begun: str = PRETRAINED,
    before: Before | None = None,
    tried: Sequence[Tried] = (),
) -> dict[str, str]:
    """Return everything that a template may name, as text.

    Args:
        measured: what training.default.appraisal.Appraisal gave.
        recipe: of the model.
        config: of the model.
        name: of the recipe's sets that trained it.
        others: accuracy of the recipe's other models by name, where they are made.
        begun: how it began (training.default.build.Build.begun).
        before: the version before it; None stands beside nothing.
        tried: what was tried on the way.
    """
    test, val, data = measured.accuracy.test, measured.accuracy.val, measured.data
    counts, cost, materials = data.counts, measured.cost, Materials.of(recipe.sets[name])
    facts = {
        "license_name": "open-data" if name == "open" else "research-data", "terms": config.terms,
        "datasets": ", ".join(HUB.get(one, one) for one in materials.sets), "sets": len(materials.sets),
        "command": _command(name, begun), "origin": words.origin(begun),
        "version": config.version, "classes": len(config.labels) - 2, "window_s": config.window_s,
        "channels": "-".join(map(str, config.channels)), "temperature": config.temperature,
        "fusion": ", ".join(f"{n} {w:g}" for n, w in zip(config.modalities, config.fusion, strict=True)),
        "gate": ", a gate for the unknown" if config.gate else "", "parameters": f"{cost.parameters / 1e6:.2f}",
        "megabytes": f"{cost.bytes / 1e6:.1f}", "latency_ms": cost.latency_ms, "processor": cost.processor,
        "train": _clips(counts, "train"), "choose": _clips(counts, "val"),
        "seeds": len(recipe.seeds), "few_epochs": recipe.trials.epochs,
        "videos_test": test.videos, "videos_val_count": val.videos,
        "models_words": words.models(recipe), "people": words.people(data, materials),
        "drawn": words.drawn(recipe, data.written), "still": words.stillness(),
        "steps": words.steps(recipe, config, begun), "tried": live.tried_table(tried),
    }  # fmt: skip
    told = {name: str(value) for name, value in facts.items()}
    return told | _tables(measured, recipe, config, name, others) | _live_tables(measured, name, config.version, before)


def _command(name: str, begun: str) -> str:
    ends = {PRETRAINED: "", SCRATCH: " --scratch"}.get(begun, " --start MODEL")
    return "python -m training default --data DATA" + ("" if name == "all" else f" --sets {name}") + ends


def _clips(counts: Mapping[str, Mapping[str, int]], part: str) -> str:
    """Say how many clips of each domain a part has."""
    names = {"raw": "recorded clips", "camera": "drawn ones", "webcam": "windows of people at webcams"}
    told = [f"{counts[domain][part]:,} {word}" for domain, word in names.items() if counts.get(domain, {}).get(part)]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def _tables(
    measured: ModelMeasures, recipe: DefaultRecipe, config: StudentConfig, name: str, others: Mapping[str, Accuracies]
) -> dict[str, str]:
    """Tabulate what is measured on recorded and drawn clips."""
    test, val, scores = measured.accuracy.test, measured.accuracy.val, measured.scores
    return {
        "trials": trials_table(measured.trials, SHORT | {WEBCAM: WEBCAM}),
        "rejection": rejection_table(scores), "calibration": calibration_table(scores),
        "fusion_table": fusion_table(scores, config.modalities), "rates": rates_table(measured.rates),
        "unknown": unknown_table(measured.unknown), "idle": idle_table(measured.idle),
        "lower_body": lower_body_table(measured.lower_body), "sources": sources_table(measured.data, TERMS),
        "models": models_table({name: measured.accuracy} | dict(others), recipe.sets),
        "videos_val": markdown([clip.cells() for clip in val.clips]),
        "actions_recorded": markdown(as_dicts(test.per_action[RECORDED])),
        "actions_camera": markdown(as_dicts(test.per_action[CAMERA])),
    }  # fmt: skip


def _live_tables(measured: ModelMeasures, name: str, version: str, before: Before | None) -> dict[str, str]:
    """Tabulate what users meet, and the accuracy, with the version before beside them."""
    told, webcam = live.blocks(measured.live, measured.accuracy.test), measured.live.webcam
    old, label = (None, "") if before is None else (before.of(name, version), before.version)
    beside = lambda names: live.parts(told, names, old, label)  # noqa: E731
    accuracy = {} if old is None else old.get("accuracy", {})
    named = f"version {label}, top-1 %" if accuracy else ""
    return {
        "accuracy": accuracy_table(
            measured.accuracy.test, measured.accuracy.val, measured.baseline, measured.trials, named, accuracy
        ),
        "people_judged": live.people_line(webcam),
        "webcam": beside({live.PART[part]: f"webcam {part}" for part in webcam}),
        "webcam_actions": live.actions_table(webcam["held"], old, label),
        "real_videos": beside({"this model": "videos"}),
        "soon": beside({part: f"soon {part}" for part in measured.live.soon}),
        "more": beside({"this model": "more"}),
    }  # fmt: skip
