"""The model card's text from measured numbers."""

from pathlib import Path
from typing import Any

import pytest

from models.labels import DISPLAY
from models.system.places import ROOT
from models.weights import StudentConfig
from training.data.splits import SETS
from training.default.card import TERMS, card_values, write_card
from training.default.card_tables import accuracy_table, rejection_table, trials_table
from training.default.recipe import DefaultRecipe
from training.judging.judge import CAMERA, RECORDED

RECIPE = ROOT / "training" / "recipes" / "default.yaml"
GROUPS = ("val raw", "val camera", "test raw", "test camera")


def arm(name: str, mean: float, std: float | None) -> dict[str, Any]:
    return {"arm": name, "seeds": 3 if std is not None else 1, "labels": 1234, "epochs": 4,
            "mean": {RECORDED: mean}, "std": {RECORDED: std}}  # fmt: skip


def judged() -> dict[str, Any]:
    row = {"measure": RECORDED, "clips": 10, "top1": 87.5, "top3": 95.0, "mean_per_action": 80.1}
    action = [{"action": "wave", "clips": 10, "recall": 90.0, "precision": 80.0, "taken for": ""}]
    return {"rows": [row], "videos": [5, 6, 6], "per_action": {RECORDED: action, CAMERA: action},
            "clips": [{"video": "a.mp4", "action": "wave", "answers": ["wave", "clap"]}]}  # fmt: skip


def measured() -> dict[str, Any]:
    fusion = {name: {"log_loss": 0.5, "top1": 80.0} for name in ("branch 0", "branch 1", "branch 2", "mean", "fitted")}
    score = {"clips": 9, "calibration": {"ece_before": 0.2, "ece_after": 0.1}, "fusion": fusion,
             "rejection": [{"score": "energy", "auroc": 0.91, "fpr95": 0.25}]}  # fmt: skip
    unknown = dict.fromkeys(("known", "unknown", "auroc", "fpr95", "said_of_known", "said_of_unknown"), 1)
    idle = {"minutes": 2.0, "events": 1, "per_minute": 0.5, "labels": {"wave": 1}}
    counts = {domain: {"train": 10, "val": 3, "test": 2} for domain in ("raw", "camera")}
    names = dict.fromkeys(SETS, 4)
    return {
        "data": {"counts": counts, "sources": names, "actions": {}, "recorded": {n: 9 for n in SETS if n != "cad60"}},
        "cost": {"parameters": 750_000, "bytes": 3_100_000, "latency_ms": 1.2, "processor": "a processor"},
        "val": judged(), "test": judged(), "scores": dict.fromkeys(GROUPS, score),
        "unknown": {"val": unknown, "test": unknown}, "idle": {"drawn": idle},
        "rates": {"top1": {"30": 80.0}, "change": {"30": 0.0}},
        "lower_body": {"test": {"clips": 5, "seen": 80.0, "unseen": 75.0, "change": -5.0}},
        "floor": [{"measure": RECORDED, "clips": 10, "top1": 61.24}],
        "trials": [arm("student-100", 87.04, 0.42), arm("scratch-10", 50.0, None)],
    }  # fmt: skip


def test_the_template_is_filled_whole(tmp_path: Path) -> None:
    named = {"labels": tuple(DISPLAY), "display": DISPLAY, "version": "9", "terms": "as you like"}
    config = StudentConfig(**named, fusion=(0.5, 0.3, 0.2))
    others = {"open": {"val": judged(), "test": judged()}}
    write_card(card_values(measured(), DefaultRecipe.read(RECIPE), config, "all", others), tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "$" not in text and text.startswith("---\n")
    assert "license_name: research-data" in text and "as you like" in text
    for part in ("version 9", "joint 0.5, bone 0.3, motion 0.2", "**87.5**", "87.0 +- 0.4", "61.2", "5 of 6 right",
                 "0.910 / 0.25", "1,234", "kard, precog2016, ui_prmd, hdm05, cmu8 |"):  # fmt: skip
        assert part in text, part


def test_a_name_that_nobody_measured_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text("$speed of it")
    with pytest.raises(ValueError, match=r"asks for \$speed; there are size"):
        write_card({"size": "1"}, tmp_path, tmp_path / "card.md")
    assert not (tmp_path / "README.md").exists()


def test_a_model_of_open_terms_without_trials(tmp_path: Path) -> None:
    config = StudentConfig(labels=tuple(DISPLAY), display=DISPLAY, fusion=(0.5, 0.3, 0.2))
    numbers = measured() | {"trials": []}
    values = card_values(numbers, DefaultRecipe.read(RECIPE), config, "open", {})
    assert values["license_name"] == "open-data" and "--sets open" in values["command"]
    assert "seeds" not in values["accuracy"].splitlines()[0] and "Not repeated" in values["trials"]


def test_one_seed_has_no_spread() -> None:
    table = trials_table([arm("student-100", 80.0, 1.0), arm("teacher-100", 81.0, None)], {RECORDED: "recorded"})
    assert "80.0 +- 1.0" in table and "| 81.0 |" in table and "six-modality teacher" in table


def test_what_was_not_measured_is_a_dash() -> None:
    table = accuracy_table(judged(), {"rows": []}, [], [arm("student-100", 80.0, 1.0)])
    assert table.splitlines()[-1].endswith("| - | - |")


def test_scores_stand_beside_each_other() -> None:
    scores = {g: {"rejection": [{"score": s, "auroc": a, "fpr95": 0.5} for s, a in (("x", 0.7), ("y", 0.8))]}
              for g in GROUPS}  # fmt: skip
    lines = rejection_table(scores).splitlines()
    assert len(lines) == 4 and lines[0].count("|") == 6 and "0.800 / 0.50" in lines[3]


def test_every_set_has_its_terms() -> None:
    assert set(TERMS) == set(SETS)
