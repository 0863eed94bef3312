"""The model card's text from measured numbers."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.labels import DISPLAY
from models.system.places import ROOT
from models.weights import StudentConfig
from training.data.splits import SETS
from training.default.card import TERMS, card_values, write_card
from training.default.card_tables import accuracy_table, rejection_table, trials_table
from training.default.measured import (
    Accuracies,
    ArmSummary,
    Calibration,
    DataCounts,
    DomainScores,
    FusionRow,
    ModelCost,
    ModelMeasures,
    Rejection,
)
from training.default.recipe import DefaultRecipe
from training.judging.judge import CAMERA, RECORDED
from training.judging.rows import Accuracy, ActionRow, BaselineRow, Hits, Judged, MeasureRow, VideoAnswers
from training.judging.stream_rows import FalseEvents, LowerBody, RateAccuracy, Unknown

RECIPE = ROOT / "training" / "recipes" / "default.yaml"
GROUPS = ("val raw", "val camera", "test raw", "test camera")


def arm(name: str, mean: float, std: float | None) -> ArmSummary:
    return ArmSummary(name, 3 if std is not None else 1, 1234, 4, {RECORDED: mean}, {RECORDED: std})


def judged() -> Judged:
    action = (ActionRow("wave", 10, 90.0, 80.0, ""),)
    return Judged(
        part="test", model="9", rows=(MeasureRow(RECORDED, Accuracy(10, 87.5, 95.0, 80.1)),), videos=Hits(5, 6, 6),
        clips=(VideoAnswers("a.mp4", "wave", ("wave", "clap")),), per_action={RECORDED: action, CAMERA: action},
    )  # fmt: skip


def scores(*rejection: Rejection) -> DomainScores:
    names = ("branch 0", "branch 1", "branch 2", "mean", "fitted")
    return DomainScores(9, Calibration(0.2, 0.6, 0.1, 0.5), dict.fromkeys(names, FusionRow(0.5, 80.0)), rejection)


def measured() -> ModelMeasures:
    unknown = Unknown(known=1, unknown=1, auroc=1.0, fpr95=1.0, said_of_unknown=1.0, said_of_known=1.0)
    idle = FalseEvents(clips=4, minutes=2.0, events=1, per_minute=0.5, labels={"wave": 1})
    counts = {domain: {"train": 10, "val": 3, "test": 2} for domain in ("raw", "camera")}
    return ModelMeasures(
        data=DataCounts(counts, dict.fromkeys(SETS, 4), {}, {name: 9 for name in SETS if name != "cad60"}),
        cost=ModelCost(750_000, 3_100_000, 1.2, "a processor"),
        accuracy=Accuracies(judged(), judged()),
        scores=dict.fromkeys(GROUPS, scores(Rejection("energy", 0.91, 0.25))),
        unknown={"val": unknown, "test": unknown},
        idle={"drawn": idle},
        rates=RateAccuracy(clips=5, left_out=0, top1={"30": 80.0}, change={"30": 0.0}),
        lower_body={"test": LowerBody(clips=5, left_out=0, seen=80.0, unseen=75.0, change=-5.0)},
        baseline=(BaselineRow(RECORDED, 10, 61.24),),
        trials=(arm("student-100", 87.04, 0.42), arm("scratch-10", 50.0, None)),
    )


def test_the_template_is_filled_whole(tmp_path: Path) -> None:
    named = {"labels": tuple(DISPLAY), "display": DISPLAY, "version": "9", "terms": "as you like"}
    config = StudentConfig(**named, fusion=(0.5, 0.3, 0.2))
    others = {"open": Accuracies(judged(), judged())}
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
    numbers = replace(measured(), trials=())
    values = card_values(numbers, DefaultRecipe.read(RECIPE), config, "open", {})
    assert values["license_name"] == "open-data" and "--sets open" in values["command"]
    assert "seeds" not in values["accuracy"].splitlines()[0] and "Not repeated" in values["trials"]


def test_one_seed_has_no_spread() -> None:
    table = trials_table([arm("student-100", 80.0, 1.0), arm("teacher-100", 81.0, None)], {RECORDED: "recorded"})
    assert "80.0 +- 1.0" in table and "| 81.0 |" in table and "six-modality teacher" in table


def test_what_was_not_measured_is_a_dash() -> None:
    table = accuracy_table(judged(), replace(judged(), rows=()), [], [arm("student-100", 80.0, 1.0)])
    assert table.splitlines()[-1].endswith("| - | - |")


def test_scores_stand_beside_each_other() -> None:
    both = scores(Rejection("x", 0.7, 0.5), Rejection("y", 0.8, 0.5))
    lines = rejection_table(dict.fromkeys(GROUPS, both)).splitlines()
    assert len(lines) == 4 and lines[0].count("|") == 6 and "0.800 / 0.50" in lines[3]


def test_every_set_has_its_terms() -> None:
    assert set(TERMS) == set(SETS)
