"""What results look like to those who read them."""

from __future__ import annotations

import json

import pytest

from app.classify.formats import columns, csv_line, event_line, event_row, summary_row, webvtt
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
    }


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


def test_a_row_of_the_table_of_events():
    assert event_row(json.loads(event_line("x", EVENT))) == ["x", "0", "wave", "1.235", "2.500", "0.8765"]


def event(person, label, start, end):
    return {"person": person, "label": label, "start": start, "end": end}


WORDS = {"wave": "waving", "jump": "jumping <high> & far"}


def test_subtitles_of_one_person():
    text = "".join(webvtt([event(3, "wave", 1.2, 2.0), event(3, "jump", 3661.5, 3662.0)], WORDS))
    assert text == (
        "WEBVTT\n\n00:00:01.200 --> 00:00:02.000\nwaving\n\n"
        "01:01:01.500 --> 01:01:02.000\njumping &lt;high&gt; &amp; far\n"
    )


def test_subtitles_of_several_people_in_the_order_of_their_starts():
    """Events come in the order of their ends; a player wants starts."""
    text = "".join(webvtt([event(1, "own_label", 2.0, 3.0), event(0, "wave", 1.0, 4.0)], WORDS))
    assert text.index("person 0: waving") < text.index("person 1: own_label")


@pytest.mark.parametrize("end", [1.0, 1.0004])
def test_a_subtitle_lasts(end):
    assert "00:00:01.000 --> 00:00:01.001\n" in "".join(webvtt([event(0, "wave", 1.0, end)], WORDS))
