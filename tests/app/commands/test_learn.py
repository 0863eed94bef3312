"""`learn` in the shell: what it finds, what it refuses, and what it writes."""

from __future__ import annotations

import json

import pytest

from app.__main__ import main
from app.corrections.correction import checked, made_event
from app.corrections.formats import jsonl
from app.landmarks.writer import LandmarkWriter
from app.teach.pack import read_pack
from tests.app.corrections.conftest import folder, named, teacher, waver
from tests.app.corrections.test_learn import replay_of, salutes
from tests.app.counting.figures import bumps, figure, times

__all__ = ["folder", "named", "teacher", "waver"]


def recorded(path, frames) -> None:
    with LandmarkWriter(path) as writer:
        for frame in frames:
            writer.add(frame.time_s, list(enumerate(frame.poses)))


@pytest.fixture
def results(tmp_path, teacher, monkeypatch):
    """A folder of results: one recording with corrected events, and one with results that nobody corrected."""
    monkeypatch.setattr("app.teach.teacher.Teacher", lambda model, path: teacher)
    monkeypatch.setattr("export.runtime.ActionModel", lambda *given, **options: None)
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "results"
    place.mkdir()
    given = salutes("a.mp4", 40)
    recorded(place / "a.ikem", given.frames())
    (place / "a.jsonl").write_text(jsonl(given.correction), encoding="utf-8")
    other = jsonl(given.correction).replace('"corrected": true', '"corrected": false').replace("a.mp4", "other.mp4")
    (place / "other.jsonl").write_text(other, encoding="utf-8")
    (place / "summary.csv").write_text("input,label,score\na.mp4,wave,0.5\n", encoding="utf-8")
    return place


def test_corrected_events_become_a_pack(results, capsys):
    assert main(["learn", "results", "--pack", "my.pack"]) == 0
    out, err = capsys.readouterr()
    assert "my bow: 2 new examples" in out and "better: 2 wrong events before" in out and not err
    pack = read_pack(results.parent / "my.pack")
    assert pack.actions == ("my bow",) and len(pack.examples("my bow")) == 2
    assert main(["learn", "results", "--pack", "my.pack"]) == 0
    again = read_pack(results.parent / "my.pack")
    assert len(again.action_E) == len(pack.action_E), "nothing is learnt twice"


def test_it_says_how_often_corrected_actions_were_repeated(results, capsys):
    (results / "a.ikem").unlink()
    recorded(results / "a.ikem", replay_of(figure(bumps(times(12), [1, 3, 5]))).frames())
    given = [made_event(0, "my squat", 0.8, 7.0), made_event(0, "idle", 8.0, 11.0)]
    (results / "a.jsonl").write_text(jsonl(checked("a.mp4", given)), encoding="utf-8")
    assert main(["learn", "results", "--pack", "my.pack"]) == 0
    assert "a.mp4, as corrected: my squat 3\n" in capsys.readouterr().out


def test_worse_is_refused_unless_insisted_on(results, monkeypatch, capsys):
    monkeypatch.setattr("app.corrections.learn.Learnt.worse", property(lambda learnt: True))
    assert main(["learn", "results", "--pack", "my.pack"]) == 2
    assert not (results.parent / "my.pack").exists() and "--insist" in capsys.readouterr().err
    assert main(["learn", "results", "--pack", "my.pack", "--insist"]) == 0
    assert (results.parent / "my.pack").exists()


def test_what_cannot_be_used_is_named_and_the_rest_is_learnt(results, capsys):
    (results / "bad.jsonl").write_text('{"input": "a.mp4", "corrected": true', encoding="utf-8")
    gone = checked("gone.mp4", [made_event(0, "wave", 0, 1)])
    (results / "gone.corrected.jsonl").write_text(jsonl(gone), encoding="utf-8")
    late = [json.loads(line) | {"end": 99} for line in jsonl(gone).replace("gone.mp4", "a.mp4").splitlines()]
    (results / "late.jsonl").write_text("".join(json.dumps(line) + "\n" for line in late), encoding="utf-8")
    assert main(["learn", "results", "--pack", "my.pack"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3 and (results.parent / "my.pack").exists()
    assert "bad.jsonl, line 1: not an event" in said[0]
    assert "its recording gone.mp4 is not in results: name its folder by --videos" in said[1]
    assert "those of another recording" in said[2]


def test_nothing_that_is_corrected(results, capsys):
    assert main(["learn", "results/other.jsonl", "--pack", "my.pack"]) == 2
    assert "no corrected events" in capsys.readouterr().err


def test_an_empty_file_says_that_nothing_happens(results, capsys):
    (results / "a.jsonl").unlink()
    (results / "a.corrected.jsonl").touch()
    assert main(["learn", "results", "--pack", "my.pack"]) == 0
    assert "every corrected event is called right already" in capsys.readouterr().out
    assert not (results.parent / "my.pack").exists()
