"""Files of corrected events: what is written is read again, and what makes no sense is refused by its line."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from app.__main__ import main
from app.classify.formats import event_line
from app.corrections.correction import CorrectionError, checked, made_event, require_source
from app.corrections.elan import eaf
from app.corrections.formats import csv_text, jsonl, parse, read_corrections
from app.corrections.label_studio import label_studio

ODD = 'salute, <b>"left" & right</b>'
EVENTS = [made_event(1, ODD, 2.0, 3.5), made_event(0, "wave", 0.5, 1.25, 0.8), made_event(0, "walk", 1.0, 4.0)]
GOOD = {"input": "a.mp4", "person": 0, "label": "wave", "start": 1.0, "end": 2.0, "score": 1.0, "corrected": True}


@pytest.mark.parametrize(("write", "name"), [(jsonl, "a.jsonl"), (csv_text, "a.csv")])
def test_what_is_written_is_read_again(write, name):
    given = checked("=holiday.mp4", EVENTS)
    (read,) = parse(write(given), name)
    assert read == given and [event.label for event in read.events] == ["wave", "walk", ODD]


def test_lines_are_those_of_results_with_a_mark():
    (line,) = jsonl(checked("a.mp4", EVENTS[1:2])).splitlines()
    assert json.loads(line) == json.loads(event_line("a.mp4", EVENTS[1])) | {"corrected": True}


def test_results_that_nobody_corrected(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(event_line("a.mp4", EVENTS[0]) + "\n", encoding="utf-8")
    assert read_corrections(path) == []
    assert len(read_corrections(path, every=True)[0].events) == 1


def test_an_empty_file_says_by_its_name_that_nothing_happens(tmp_path):
    for name, number in (("a.corrected.jsonl", 1), ("a.jsonl", 0), ("a.corrected.csv", 1)):
        (tmp_path / name).write_text("" if "json" in name else csv_text(checked("a.mp4", [])), encoding="utf-8")
        assert len(read_corrections(tmp_path / name)) == number, name


def test_a_table_as_a_spreadsheet_saves_it(tmp_path):
    path = tmp_path / "events.csv"
    path.write_bytes(
        b"\xef\xbb\xbfinput;person;label;start;end;score;corrected\r\n"
        b"a.mp4;0;wave;1,5;2,25;1;TRUE\r\nb.mp4;1;bow;0;1;1;TRUE\r\nc.mp4;1;bow;0;1;1;\r\n"
    )
    first, second = read_corrections(path)
    assert (first.source, second.source) == ("a.mp4", "b.mp4")
    assert (first.events[0].start_s, first.events[0].end_s) == (1.5, 2.25)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"end": 0.5}, "line 2: an event ends after it starts; got 1 to 0.5 s"),
        ({"start": -1}, "starts at 0 s or later"),
        ({"end": float("nan")}, "end is a number"),
        ({"end": 1e999}, "end is a number"),
        ({"person": 1.5}, "person is a whole number"),
        ({"person": True}, "person is a number"),
        ({"label": ""}, "needs a name"),
        ({"label": "x" * 41}, "1 to 40 letters"),
        ({"label": ["wave"]}, "needs a name"),
        ({"label": "=1+1"}, "cannot begin with '='"),
        ({"label": "a\u202eb"}, "not shown"),
        ({"corrected": False}, "only some events of a.mp4 are marked"),
        ({"score": 3}, "from 0 to 1"),
    ],
)
def test_what_makes_no_sense_is_refused(change, says):
    lines = [GOOD | {"start": 5.0, "end": 6.0}, GOOD | change]
    with pytest.raises(CorrectionError, match=r"a\.jsonl") as error:
        parse("".join(json.dumps(line) + "\n" for line in lines), "a.jsonl")
    assert says in str(error.value)


@pytest.mark.parametrize("text", ["{", "[]", "7", "[" * 100_000, '{"input": "a.mp4", "corrected": true}'])
def test_what_is_no_event_is_refused(text):
    with pytest.raises(CorrectionError, match="line 1"):
        parse(text, "a.jsonl")


def test_one_person_may_do_two_things_but_not_one_twice():
    both = [made_event(0, "wave", 0, 2), made_event(0, "walk", 1, 3)]
    assert len(checked("a.mp4", both).events) == 2
    assert len(checked("a.mp4", [made_event(0, "wave", 0, 2), made_event(1, "wave", 1, 3)]).events) == 2
    with pytest.raises(CorrectionError, match="merge the two"):
        checked("a.mp4", [*both, made_event(0, "wave", 1.5, 2.5)])


def test_the_events_of_another_recording():
    correction = checked("/films/a.mp4", [made_event(0, "wave", 0, 9)])
    require_source(correction, "elsewhere/a.mp4")
    with pytest.raises(CorrectionError, match=r"events of a\.mp4, not of b\.mp4"):
        require_source(correction, "b.mp4")
    with pytest.raises(CorrectionError, match="those of another recording"):
        checked("a.mp4", correction.events, seconds=5)


def test_elan_gets_tiers_without_overlap():
    root = ElementTree.fromstring(eaf(checked("a b.mp4", EVENTS)))
    times = {slot.get("TIME_SLOT_ID"): int(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")}
    tiers = {
        tier.get("TIER_ID"): [
            (times[it.get("TIME_SLOT_REF1")], times[it.get("TIME_SLOT_REF2")], it.findtext("ANNOTATION_VALUE"))
            for it in tier.iter("ALIGNABLE_ANNOTATION")
        ]
        for tier in root.iter("TIER")
    }
    assert tiers == {
        "person 0": [(500, 1250, "wave")], "person 0 (2)": [(1000, 4000, "walk")], "person 1": [(2000, 3500, ODD)],
    }  # fmt: skip
    assert root.find("HEADER/MEDIA_DESCRIPTOR").get("MEDIA_URL") == "./a%20b.mp4"


def test_label_studio_counts_frames_from_one():
    (task,) = json.loads(label_studio(checked("a.mp4", EVENTS), 25))
    first = task["annotations"][0]["result"][0]
    assert task["data"]["video"] == "a.mp4"
    assert first["type"] == "timelinelabels"
    assert first["value"] == {"ranges": [{"start": 13, "end": 31}], "timelinelabels": ["wave"]}


def test_convert_writes_events_for_others(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.corrected.jsonl").write_text(jsonl(checked("a.mp4", EVENTS)), encoding="utf-8")
    assert main(["convert", "a.corrected.jsonl", "a.eaf"]) == 0
    assert main(["convert", "a.corrected.jsonl", "a.json", "--fps", "25"]) == 0
    assert "3 events of a.mp4" in capsys.readouterr().out
    for words in (["a.json"], ["a.eaf", "--fps", "25"], ["a.npz"]):
        assert main(["convert", "a.corrected.jsonl", *words]) == 2
