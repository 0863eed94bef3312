"""Result files are whole or absent, and never overwrite each other."""

from __future__ import annotations

import csv
import json
import os

import pytest

from app.recording import Summary
from app.report import COLUMNS, OutputError, Report, WholeFile
from app.types import ActionEvent

EVENT = ActionEvent(0, "wave", 1.23456, 2.5, 0.876543, (("wave", 0.876543), ("idle", 0.1)), {"joint": 0.7, "bone": 0.9})


def listing(folder):
    return sorted(os.listdir(folder))


def rows(folder):
    with open(folder / "summary.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_files_and_their_fields(tmp_path):
    with Report(tmp_path / "a" / "b") as report:
        with report.events("clips/x, y.mp4", "x, y") as write:
            write(EVENT)
            write(EVENT)
        ranked = (("wave", 0.91234), ("idle", 0.05), ("walk", 0.03))
        report.add("clips/x, y.mp4", Summary(ranked, 90, 3.0, 30.0, 1))
        report.add("z.mp4", Summary(status='error: "odd", name'))
    folder = tmp_path / "a" / "b"
    assert listing(folder) == ["summary.csv", "x, y.jsonl"]
    lines = [json.loads(line) for line in (folder / "x, y.jsonl").read_text().splitlines()]
    assert lines == [
        {
            "input": "clips/x, y.mp4",
            "person": 0,
            "label": "wave",
            "start": 1.235,
            "end": 2.5,
            "score": 0.8765,
            "top3": [["wave", 0.8765], ["idle", 0.1]],
            "modality_scores": {"joint": 0.7, "bone": 0.9},
        }
    ] * 2
    first, second = rows(folder)
    assert tuple(first) == COLUMNS
    values = ["clips/x, y.mp4", "wave", "0.9123", "idle", "walk", "90", "3.000", "30.000", "1", "ok"]
    assert list(first.values()) == values
    assert (second["label"], second["score"], second["status"]) == ("", "", 'error: "odd", name')


def test_names_never_meet(tmp_path):
    with Report(tmp_path) as report:
        for stem in ("a", "A", "a", "a-2", "b#1", "c" * 300, "c" * 301, "\u00e9" * 150):
            with report.events(stem, stem) as write:
                write(EVENT)
    names = [name.removesuffix(".jsonl") for name in listing(tmp_path) if name.endswith(".jsonl")]
    assert len(names) == len({name.casefold() for name in names}) == 8
    assert {"a", "A-2", "a-3", "b#1"} <= set(names)


def test_nothing_half_written(tmp_path):
    (tmp_path / "x.jsonl").write_text("older\n")
    with pytest.raises(KeyboardInterrupt), Report(tmp_path) as report:
        with report.events("done", "done") as write:
            write(EVENT)
        report.add("done", Summary())
        with report.events("x", "x") as write:
            write(EVENT)
            assert listing(tmp_path)[-1] == "x.jsonl" and (tmp_path / "x.jsonl").read_text() == "older\n"
            raise KeyboardInterrupt
    assert listing(tmp_path) == ["done.jsonl", "summary.csv", "x.jsonl"]
    assert (tmp_path / "x.jsonl").read_text() == "older\n" and [r["input"] for r in rows(tmp_path)] == ["done"]


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="choose another --out"):
            Report(folder)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, a device that is always full")
def test_full_disk(tmp_path):
    file = WholeFile(tmp_path / "x")
    file._file.close()
    file._file = open("/dev/full", "w")  # noqa: SIM115
    with pytest.raises(OutputError, match="No space left on device; free some space"):
        file.write("x" * 100_000)
        file.commit()
    file.discard()
    assert listing(tmp_path) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, a device that is always full")
def test_full_disk_is_noticed_at_the_first_row(tmp_path):
    with pytest.raises(OutputError, match="No space left"), Report(tmp_path) as report:
        report._summary._file.close()
        report._summary._file = open("/dev/full", "w")  # noqa: SIM115
        report.add("a.mp4", Summary())
        pytest.fail("the row went nowhere, silently")
