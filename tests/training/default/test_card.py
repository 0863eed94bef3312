"""The model card's text from measured numbers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from models.labels import DISPLAY
from models.system.places import ROOT
from models.weights import StudentConfig
from training.data.splits import MORE_SETS, SETS
from training.default.before import Before, Tried
from training.default.build import SCRATCH
from training.default.card import TERMS, card_values, write_card
from training.default.card_tables import accuracy_table, rejection_table, trials_table
from training.default.live_measured import FewShot, LiveMeasures, Spliced
from training.default.live_tables import tried_table
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
from training.judging.soon import SoonRow
from training.judging.stream_rows import FalseEvents, LowerBody, RateAccuracy, Unknown, VideoRow
from training.judging.webcam_rows import Separation, Webcam, WebcamMean, WebcamRow, WebcamTable

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


def webcam(part: str) -> Webcam:
    row = WebcamRow(
        action="wave", people=4, windows=35, top1=54.2, top3=85.4, right_event=2.1, wrong_event=0.0, top1_windows=45.7,
        answers={"wave": 16, "": 2},
    )  # fmt: skip
    other = replace(row, action="other", right_event=None, wrong_event=15.8)
    means = [
        WebcamMean(measure=name, actions=1, top1=54.2, top3=85.4, right_event=2.1, wrong_event=0.0)
        for name in ("wave", "actions of two people or more", "actions")
    ]
    people = WebcamTable(
        files=("mediapipe_webcam",), people=9, windows=208, rows=(row, other), means=tuple(means), quiet_events=15.8,
        risk={"25": 63.0, "50": 75.3, "75": 77.1},
        separations=(Separation(score="best action", known=81, unknown=105, auroc=0.599, fpr95=76.2),),
    )  # fmt: skip
    signs = replace(people, people=3, windows=141, rows=(other,), means=(), quiet_events=2.8, risk={}, separations=())
    tables = {"people at webcams": people, "sign language at webcams": signs}
    return Webcam(part=part, model="9", tables=tables, left_out=())


def live_measures() -> LiveMeasures:
    video = VideoRow(
        videos="newer", part="val", clips=9, right=6, top3=9, quiet=9, minutes=0.76, events=2, per_minute=2.64,
        labels={"clap": 1},
    )  # fmt: skip
    soon = SoonRow(
        recordings="spliced", action="all", times=179, never=21.8, word_s=1.5, word90_s=2.5, silence_s=None,
        silence90_s=None,
    )  # fmt: skip
    few = FewShot(ways=5, shots=5, episodes=600, clips=99, top1=65.6, interval=0.9, known=True)
    return LiveMeasures(
        webcam={part: webcam(part) for part in ("val", "held")}, videos=(video,),
        soon={"val": (soon, replace(soon, action="wave")), "test": (soon,)},
        more=(MeasureRow("utd_mhad", Accuracy(190, 62.1, 80.0, 61.0)),), few_shot=(few,),
        spliced=Spliced(recordings=210, actions=1000, f1=68.8, edit=77.9, said=79.0),
    )  # fmt: skip


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
        live=live_measures(),
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
                 "0.910 / 0.25", "1,234", "kard, precog2016, ui_prmd, hdm05, cmu8 |",
                 "208 windows of 9 people in val", "141 windows of 3 people, is judged apart", "63, 75.3, 77.1",
                 "actions that trained it: accuracy %", "62.1", "0.599 / 76.2"):  # fmt: skip
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
    assert set(TERMS) == {*SETS, *MORE_SETS}


def values(sets: list[str], numbers: ModelMeasures, folder: Path, begun: str = "pre-trained", **changes: Any) -> dict:
    """Everything that the card of a model of these sets may name."""
    told = yaml.safe_load(RECIPE.read_text()) | {"sets": {"all": sets}, "terms": {"all": "as you like"}} | changes
    (folder / "recipe.yaml").write_text(yaml.safe_dump(told))
    config = StudentConfig(labels=tuple(DISPLAY), display=DISPLAY, version="9", fusion=(0.5, 0.3, 0.2))
    return card_values(numbers, DefaultRecipe.read(folder / "recipe.yaml"), config, "all", {}, begun)


def test_a_recipe_with_every_new_part_says_so(tmp_path: Path) -> None:
    data = replace(measured().data, people={"mediapipe_webcam": [900, 32]}, pairs=29, written=77)
    numbers = replace(measured(), data=data)
    life = {"life": 0.6, "over": 0.15, "hover": 0.15, "seen_depth": 0.7, "desk": 0.35}
    told = values(
        ["kard", "utd_mhad", "mediapipe_webcam", "totalcapture"], numbers, tmp_path, false_events=0.7, gate=True,
        draw={"ways": {"kind": "ways"}}, train={"mixed": 0.03, "augmentation": life},
    )  # fmt: skip
    assert "at a desk: 900 of 32 people" in " ".join(told["people"].split())
    assert "29 recordings of TotalCapture" in told["people"]
    steps = " ".join(told["steps"].split())
    for part in ("60 % of the actions stand in the middle", "15 % of the windows see and lose", "scaled by 0.3 to 1.2",
                 "3 % of the windows mix", "0.7 false events a minute", "1. Pre-training", "4. Fusion"):  # fmt: skip
        assert part in steps, part
    assert "cameras 0.45-1.0 m away" in told["drawn"].replace("\n", " ") and "beside the face" in told["drawn"]
    assert "77 ways train undrawn" in told["drawn"].replace("\n", " ")
    assert "2 recorded sets and 1 file of people at webcams and pairs" in told["models_words"].replace("\n", " ")


def test_a_recipe_without_the_new_parts_says_nothing_of_them(tmp_path: Path) -> None:
    plain = {"draw": {"clean": {}}, "train": {"epochs": 3}, "false_events": None, "by_label": False, "gate": False}
    told = values(["kard", "hdm05"], measured(), tmp_path, **plain)
    assert "Nobody at a webcam trained this model" in told["people"] and "TotalCapture" not in told["people"]
    assert told["drawn"] == told["tried"] == told["gate"] == ""
    assert not any(word in told["steps"] for word in ("gate", "middle of life", "mix the joints", "drifts"))
    assert "of single val windows" in told["steps"]
    assert "version 2" not in "".join(told.values())


def test_the_card_says_how_the_model_began(tmp_path: Path) -> None:
    begun = "with the encoders of pretrained, version 2"
    told = values(["kard"], measured(), tmp_path, begun)
    assert told["command"].endswith("--start MODEL") and begun in told["steps"] and "InfoNCE" not in told["steps"]
    told = values(["kard"], measured(), tmp_path, SCRATCH)
    assert told["command"].endswith("--scratch") and "labels alone" in told["origin"]


def test_the_version_before_stands_beside() -> None:
    config = StudentConfig(labels=tuple(DISPLAY), display=DISPLAY, version="9", fusion=(0.5, 0.3, 0.2))
    blocks = {"webcam held": {"other: with an event %": "21.9"}, "actions": {"wave": "67.9 / 10.6"},
              "accuracy": {RECORDED: "91.2"}, "videos": {}}  # fmt: skip
    before = Before(version="8", made_by=(), models={"all": blocks})
    given = (measured(), DefaultRecipe.read(RECIPE))
    told = card_values(*given, config, "all", {}, before=before)
    assert told["webcam"].splitlines()[0].count("version 8") == 2 and "| 15.8 | - | 15.8 | 21.9 |" in told["webcam"]
    assert "| 67.9 / 10.6 | wave 16, nothing 2 |" in told["webcam_actions"]
    assert "| version 8, top-1 % |" in told["accuracy"] and "| 91.2 |" in told["accuracy"]
    for name, version in (("open", "9"), ("all", "8")):  # nothing older was measured
        told = card_values(*given, replace(config, version=version), name, {}, before=before)
        assert "version 8" not in told["webcam"] + told["accuracy"] + told["webcam_actions"]


def test_what_was_tried_is_a_table() -> None:
    rows = [Tried(what="a gate", top1={"wave": 80.0}, auroc=0.89, kept=True), Tried(what="nothing")]
    text = tried_table(rows)
    assert text.startswith("### What was tried") and "| a gate | yes | 80.0, -, -, - |" in text
    assert "0.89 / -" in text and tried_table([]) == ""
