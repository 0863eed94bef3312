"""What results look like to those who read them."""

from __future__ import annotations

import json
from dataclasses import replace

from app.classify.formats import columns, csv_line, event_line, event_row, summary_row
from app.classify.summary import Summary
from app.types import ActionEvent

TOP3 = (("wave", 0.876543), ("idle", 0.1), ("clap", 0.01))
EVENT = ActionEvent(0, "wave", 1.23456, 2.5, 0.876543, TOP3, {"joint": 0.7, "bone": 0.9})


def test_an_event_as_json():
    assert json.loads(event_line("clips/x, y.mp4", EVENT)) == {
        "input": "clips/x, y.mp4",
        "person": 0,
        "label": "wave",
        "start": 1.235,
        "end": 2.5,
        "score": 0.8765,
        "top3": [["wave", 0.8765], ["idle", 0.1], ["clap", 0.01]],
        "modality_scores": {"joint": 0.7, "bone": 0.9},
        "count": None,
        "repetitions": [],
    }


def test_a_counted_event():
    line = event_line("x", replace(EVENT, count=2, repetitions_s=(1.50049, 2.25)))
    assert json.loads(line)["count"] == 2 and json.loads(line)["repetitions"] == [1.5, 2.25]
    assert event_row(json.loads(line))[-2:] == ["0.8765", "2"]


def test_an_event_holds_real_letters_and_nothing_that_a_terminal_obeys():
    name = "\u00fcbung \u65e5 \x9b31m \u2028 \udcff \n.mp4"
    line = event_line(name, EVENT)
    assert "\u00fcbung \u65e5 " in line and line.isprintable() and json.loads(line)["input"] == name


def test_as_many_ranked_labels_as_wanted():
    two = json.loads(event_line("x", EVENT, top=2))
    assert two["top"] == [["wave", 0.8765], ["idle", 0.1]] and "top3" not in two
    summary = Summary((("wave", 0.9), ("idle", 0.05), ("walk", 0.03), ("run", 0.02)), 90, 3.0, 30.0, 1)
    row = dict(zip(columns(4), summary_row("x", summary, 4), strict=True))
    assert row["top"] == "wave 0.9000; idle 0.0500; walk 0.0300; run 0.0200"
    assert (row["label"], row["second"], row["third"]) == ("wave", "idle", "walk")


def test_a_row_of_the_summary():
    summary = Summary((("wave", 0.91234), ("idle", 0.05), ("walk", 0.03)), 90, 3.0, 30.0, 1)
    values = ["clips/x.mp4", "wave", "0.9123", "idle", "walk", "90", "3.000", "30.000", "1", "ok", "2", "x-2"]
    assert summary_row("clips/x.mp4", summary, events=2, results="x-2") == values and len(columns(None)) == len(values)
    error = summary_row("z.mp4", Summary(status='error: "odd", name'))
    assert error == ["z.mp4", "", "", "", "", "0", "0.000", "0.000", "0", 'error: "odd", name', "0", ""]
    assert csv_line(error) == 'z.mp4,,,,,0,0.000,0.000,0,"error: ""odd"", name",0,\n'
    assert summary_row("./=1.mp4", summary, results="=1")[-1] == "./=1"  # no formula in a spreadsheet


def test_counts_are_a_column_of_their_own():
    row = dict(zip(columns(None, True), summary_row("x", Summary(), counts="squat 12"), strict=True))
    assert row["counts"] == "squat 12"


def test_a_row_of_the_table_of_events():
    assert event_row(json.loads(event_line("x", EVENT))) == ["x", "0", "wave", "1.235", "2.500", "0.8765", ""]
    older = {name: value for name, value in json.loads(event_line("x", EVENT)).items() if name != "count"}
    assert event_row(older)[-1] == ""  # a line that an older version wrote
