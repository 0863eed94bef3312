"""The paper's headline from NTU's files: what is refused, what is run, and the table that says what it is worth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.comparison.tiny import Machine
from tests.training.data.written import ntu_text, person
from training.__main__ import main
from training.comparison import compare as compare_module
from training.comparison import reproduce as reproduce_module
from training.comparison.reproduce import QUICK_ACTIONS, QUICK_FILES, reproduce, some_of_each_action
from training.comparison.state import ComparisonState
from training.data.readers.ntu_lists import PUBLISHED_60

RIGHT_ARM = (9, 10, 11, 23, 24)  # elbow, wrist, hand, its tip and its thumb
ACTIONS, SUBJECTS = (1, 2, 58), (1, 2, 4, 5, 3, 6)  # the last two test in xsub


def ntu_folder(folder: Path, setup: int = 1, files: int = 48) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(files):
        action, subject = ACTIONS[i % 3], SUBJECTS[i // 3 % 6]
        name = f"S{setup:03d}C{i // 2 % 3 + 1:03d}P{subject:03d}R{i // 18 + 1:03d}A{action:03d}.skeleton"
        track = person(16 + i % 5, swing=0.1 * (i % 3)) + rng.normal(0, 0.01, (1, 25, 3))
        track[:, RIGHT_ARM, 1] += 0.2 * np.sin(np.arange(len(track)) * (1 + i % 3) / 3)[:, None]
        (folder / name).write_text(ntu_text([[("1", joints)] for joints in track]))
    return folder


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> list[Machine]:
    """`compare` starts fakes, which are collected."""
    made: list[Machine] = []

    def starter(state: ComparisonState, workers: int, lock: int | None, devices: tuple[str, ...]) -> Machine:
        made.append(Machine(state))
        return made[-1]

    monkeypatch.setattr(compare_module, "starter", starter)
    monkeypatch.setattr("training.comparison.workers.PAUSE_S", 0)
    monkeypatch.setattr("training.comparison.curves.draw_all", lambda state, lines: None)
    return made


@pytest.fixture
def few_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clips that would not fill a batch of the paper are taken."""
    monkeypatch.setattr(reproduce_module, "require_clips", lambda config, store, splits: None)


def test_half_the_files_are_refused_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    ntu = ntu_folder(tmp_path / "ntu")
    assert main(["reproduce", "--ntu", str(ntu), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err.strip()
    assert "holds 48 of the 56,578 clips of NTU RGB+D 60" in said and "--partial" in said and "\n" not in said
    assert not (tmp_path / "out" / "store").exists()


def test_a_folder_of_something_else_is_said_at_once(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "ntu").mkdir()
    (tmp_path / "ntu" / "mine.npz").touch()
    assert main(["reproduce", "--ntu", str(tmp_path / "ntu"), "--out", str(tmp_path / "out")]) == 1
    assert "holds no files named like S001C001P001R001A001.skeleton" in capsys.readouterr().err


def test_a_rehearsal_runs_both_splits_and_gives_no_number(tmp_path: Path, machines: list[Machine]) -> None:
    said: list[str] = []
    reproduce(ntu_folder(tmp_path / "ntu"), tmp_path / "out", said.append, quick=True, workers=1)
    runs = [name for machine in machines for name in machine.started]
    assert runs == 2 * ["seed0-ekem+ikem-jmbaro", "seed0-ekem+ikem-jmbaro-linear", "seed0-rckd-from-ekem+ikem",
                        "seed0-rckd-from-ekem+ikem-linear"]  # fmt: skip
    table = (tmp_path / "out" / "table.md").read_text()
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    assert rows[0] == "| model | xsub, linear, ours | xsub, published | xview, linear, ours | xview, published |"
    for row, model in zip(rows[2:], ("6 encoders (jmbaro)", "student (rckd)"), strict=True):
        assert row == f"| {model} | too little data | 80.7 | too little data | 86.0 |"
    assert said[-1] in table and "- Data of xsub: 36 of 40,091 training clips" in table
    assert "too little for a number" in table and "Device: " in table
    assert "Pre-training: epochs 2 (published 300), batch 16 (published 128)" in table
    assert "Linear heads: epochs 20 (published 100)" in table and "drop_last no (published yes)" in table
    held = json.loads((tmp_path / "out" / "table.json").read_text())
    assert len(held["rows"]) == 4 and held["rows"][0]["values"] == {"0": 56} and held["rows"][0]["published"] == 80.7


def test_the_whole_data_gives_numbers_beside_the_published_ones(
    tmp_path: Path, machines: list[Machine], few_are_enough: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ntu = ntu_folder(tmp_path / "ntu")
    monkeypatch.setitem(reproduce_module.CLIPS, "NTU RGB+D 60", {"xsub": (36, 12), "xview": (32, 15)})
    reproduce(ntu, tmp_path / "out", lambda line: None, seeds=(1, 2))
    table = (tmp_path / "out" / "table.md").read_text()
    assert "| 6 encoders (jmbaro) | 57.5 +- 0.7 | 80.7 | 57.5 +- 0.7 | 86.0 |" in table
    assert "Data of xsub: 36 of 36 training clips, 12 of 12 test clips: as published." in table
    assert "nearly as published; give NTU's list" in table  # xview has other counts
    for kind in ("Pre-training", "Distillation", "Linear heads"):
        assert f"- {kind}: as published." in table
    names = [name for machine in machines for name in machine.started if name.endswith("jmbaro")]
    assert names == 2 * ["seed1-ekem+ikem-jmbaro", "seed2-ekem+ikem-jmbaro"]
    machines.clear()
    reproduce(ntu, tmp_path / "out", lambda line: None, seeds=(1, 2))  # goes on where it was: at the end
    assert not [name for machine in machines for name in machine.started]


def test_a_part_of_120_classes_says_what_it_is_of(
    tmp_path: Path, machines: list[Machine], few_are_enough: None
) -> None:
    ntu = ntu_folder(tmp_path / "ntu", setup=18)
    ntu_folder(tmp_path / "ntu" / "more", setup=19)
    with pytest.raises(ValueError, match="96 of the 113,945 clips of NTU RGB\\+D 120"):
        reproduce(ntu, tmp_path / "out", lambda line: None)
    reproduce(ntu, tmp_path / "out", lambda line: None, partial=True)
    table = (tmp_path / "out" / "table.md").read_text()
    assert "xset, linear, ours" in table and "not known here" in table and "of 63,026 training clips" in table


@pytest.mark.parametrize(
    ("files", "quick", "says"),
    [
        (48, False, "36 training clips of xsub are fewer than a batch of 128"),
        (12, True, "12 training clips of xsub are fewer|no test clip with a label in its split xsub"),
    ],
)
def test_too_few_clips_are_refused_before_anything_trains(
    files: int, quick: bool, says: str, tmp_path: Path, machines: list[Machine]
) -> None:
    ntu = ntu_folder(tmp_path / "ntu", files=files)
    with pytest.raises(ValueError, match=says):
        reproduce(ntu, tmp_path / "out", lambda line: None, quick=quick, partial=True)
    assert not machines


def test_a_rehearsal_takes_some_files_of_some_actions() -> None:
    names = [f"S001C001P{i:03d}R001A{a:03d}.skeleton" for i in range(1, 61) for a in range(1, 31)]
    files = [Path(name) for name in names]
    chosen = some_of_each_action(files)
    assert chosen == some_of_each_action(files) and chosen == sorted(chosen, key=files.index)
    actions = [path.stem[-4:] for path in chosen]
    assert {actions.count(action) for action in actions} == {QUICK_FILES} and len(set(actions)) == QUICK_ACTIONS
    assert some_of_each_action(files[:7]) == files[:7]


def test_the_published_counts_are_those_of_the_reader() -> None:
    assert sum(PUBLISHED_60["xsub"]) == sum(PUBLISHED_60["xview"]) == 56_578


@pytest.mark.slow
def test_a_real_rehearsal_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    ntu = ntu_folder(tmp_path / "ntu")
    words = ["reproduce", "--ntu", str(ntu), "--out", str(tmp_path / "out"), "--quick", "--workers", "2"]
    assert main(words) == 0
    assert "too little data" in capsys.readouterr().out
    values = [row["values"]["0"] for row in json.loads((tmp_path / "out" / "table.json").read_text())["rows"]]
    assert len(values) == 4 and all(0 <= value <= 100 for value in values)
