"""What is done is kept, and only that: the same file, made the same way, with its results whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.batch.journal import JOURNAL, Journal
from app.batch.outputs import PARTS
from app.batch.work import Worker
from models.clips import Clip, write_clips
from models.system.atomic import OutputError
from models.system.places import ROOT
from tests.app.batch.helpers import joints, listing, rows, run, save
from tests.app.helpers import HandModel


@pytest.fixture
def worked(monkeypatch):
    """Names of the inputs that were really worked on."""
    done, usual = [], Worker.do

    def do(self, job, listener, stop):
        done.append(job.source)
        return usual(self, job, listener, stop)

    monkeypatch.setattr(Worker, "do", do)
    return done


@pytest.fixture
def folder(tmp_path):
    for name in "abc":
        save(tmp_path / f"{name}.npz", joints((3, "wave")))
    return tmp_path


def test_all_is_kept_and_the_summary_holds_all(folder, worked, capsys):
    out = folder / "out"
    run([folder], out, csv=True)
    first = {name: (out / name).read_bytes() for name in listing(out)}
    worked.clear()
    assert run([folder], out, csv=True, resume=True) == 0
    assert worked == [] and {name: (out / name).read_bytes() for name in listing(out)} == first
    assert "3 recordings, 3 inputs already done" in capsys.readouterr().out


def test_without_resume_all_is_done_again(folder, worked):
    run([folder], folder / "out")
    run([folder], folder / "out")
    assert worked == ["a.npz", "b.npz", "c.npz"] * 2


def test_what_an_earlier_run_left_is_told_before_the_work(folder, capsys):
    out = folder / "out"
    run([folder], out)
    assert "earlier input" not in capsys.readouterr().out
    run([folder / "a.npz"], out, quiet=True)
    assert capsys.readouterr().out == ""
    run([folder / "a.npz"], out)
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"results of 3 earlier inputs are in {out}: ") and "--resume keeps" in first
    assert "of the same names are replaced" in first and "summary.csv is written anew" in first
    run([folder / "a.npz"], out, resume=True, csv=True)
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"results of 2 earlier inputs are in {out} and do not fit this run: ")
    assert first.endswith("summary.csv and events.csv are written anew")
    (out / "b.jsonl").unlink()
    (out / "c.jsonl").unlink()
    run([folder / "a.npz"], out, resume=True)
    assert "earlier input" not in capsys.readouterr().out


def test_clips_of_one_earlier_input_are_one(tmp_path, capsys):
    write_clips(tmp_path / "set.npz", [Clip(joints((3, "wave")), 30.0, "x", "x", 1, 0)] * 2)
    run([tmp_path / "set.npz"], tmp_path / "out")
    capsys.readouterr()
    run([tmp_path / "set.npz"], tmp_path / "out")
    assert capsys.readouterr().out.startswith("results of 1 earlier input is in")


@pytest.mark.parametrize("table", ["summary.csv", "events.csv"])
@pytest.mark.parametrize("begun", [False, True])
def test_foreign_tables_are_refused(folder, worked, table, begun):
    out = folder / "out"
    out.mkdir()
    if begun:
        run([folder], out, csv=True)
        worked.clear()
    before = listing(out)
    (out / table).write_text("precious\n")
    with pytest.raises(ValueError, match=f"{table} was not written by this command"):
        run([folder], out, csv=True)
    assert (out / table).read_text() == "precious\n" and worked == []
    assert listing(out) == sorted({*before, table})


def test_a_table_without_a_journal_is_nobody_knows_whose(folder):
    run([folder], folder / "out")
    (folder / "out" / JOURNAL).unlink()
    with pytest.raises(ValueError, match="move it away"):
        run([folder], folder / "out")


def test_tables_of_older_versions_and_other_options_are_ours(folder):
    out = folder / "out"
    run([folder], out, top=3, csv=True)
    run([folder], out, csv=True)
    old = [line.rsplit(",", 2)[0] for line in (out / "summary.csv").read_text().splitlines()]
    assert old[0].endswith(",status")
    (out / "summary.csv").write_text("\n".join(old) + "\n")
    assert run([folder], out, resume=True) == 0 and rows(out)["a.npz"]["results"] == "a"


def test_a_foreign_table_that_is_not_written_stays(folder):
    (folder / "out").mkdir()
    (folder / "out" / "events.csv").write_text("precious\n")
    assert run([folder], folder / "out") == 0 and (folder / "out" / "events.csv").read_text() == "precious\n"


def _changed_input(folder):
    save(folder / "b.npz", joints((3, "squat")))


def _touched_input(folder):
    os.utime(folder / "b.npz", (1, 1))


def _result_gone(folder):
    (folder / "out" / "b.jsonl").unlink()


def _result_cut(folder):
    path = folder / "out" / "b.jsonl"
    path.write_bytes(path.read_bytes()[:-5])


@pytest.mark.parametrize("change", [_changed_input, _touched_input, _result_gone, _result_cut])
def test_what_is_not_the_same_any_more_is_done_again(folder, worked, change):
    run([folder], folder / "out")
    worked.clear()
    change(folder)
    assert run([folder], folder / "out", resume=True) == 0
    assert worked == ["b.npz"] and list(rows(folder / "out")) == ["a.npz", "b.npz", "c.npz"]


@pytest.mark.parametrize(
    "options", [{"every_s": 0.5}, {"min_score": 0.5}, {"labels": ("wave",)}, {"vtt": True}, {"top": 2}, {"count": True}]
)
def test_other_options_make_other_results(folder, worked, options):
    run([folder], folder / "out")
    worked.clear()
    run([folder], folder / "out", resume=True, **options)
    assert len(worked) == 3


def test_another_model_makes_other_results(folder, worked, monkeypatch):
    from app.batch.options import Options
    from app.batch.run import Run

    def with_model(name):
        Run([str(folder)], Options(out=folder / "out", resume=True), HandModel(), name, HandModel, lambda: folder)()

    with_model("one")
    worked.clear()
    with_model("one")
    assert worked == []
    with_model("two")
    assert len(worked) == 3


def test_how_it_is_done_makes_no_difference(folder, worked):
    run([folder], folder / "out")
    worked.clear()
    run([folder], folder / "out", resume=True, csv=True, quiet=True, workers=2)
    assert worked == [] and (folder / "out" / "events.csv").exists()


def test_failures_are_tried_again_and_new_inputs_are_done(folder, worked):
    (folder / "bad.npz").write_bytes(b"no archive")
    assert run([folder], folder / "out") == 1
    worked.clear()
    save(folder / "aa.npz", joints((3, "squat")))
    assert run([folder], folder / "out", resume=True) == 1
    assert worked == ["aa.npz", "bad.npz"]
    assert list(rows(folder / "out")) == ["a.npz", "aa.npz", "b.npz", "bad.npz", "c.npz"]


def test_names_stay_with_their_files(tmp_path, worked):
    """A new input of a name that is taken, and which comes first, must not get the old one's results."""
    for name, what in (("z", "wave"), ("a", "squat")):
        (tmp_path / name).mkdir()
        save(tmp_path / name / "x.npz", joints((3, what)))
    out = tmp_path / "out"
    run([tmp_path / "z"], out)
    old = (out / "x.jsonl").read_bytes()
    run([tmp_path / "a", tmp_path / "z"], out, resume=True)  # both are called by their paths now
    table = (out / "summary.csv").read_text()
    assert table.index("a/x.npz,squat") < table.index("z/x.npz,wave")
    assert listing(out) == ["summary.csv", "x-2.jsonl", "x.jsonl"] and old != (out / "x.jsonl").read_bytes()
    worked.clear()
    run([tmp_path / "a", tmp_path / "z"], out, resume=True)
    assert worked == []


def test_a_journal_that_was_cut_off_or_is_not_one(folder, worked):
    run([folder], folder / "out")
    journal = folder / "out" / JOURNAL
    journal.write_text(journal.read_text()[:-40])
    worked.clear()
    run([folder], folder / "out", resume=True)
    assert worked == ["c.npz"]
    for nonsense in (b"\xff\xfe\x00", b'["done", {"path": 3}]\n["done", []]\n[1]\n{}\nnull\n', b""):
        journal.write_bytes(nonsense)
        assert run([folder], folder / "out", resume=True) == 0
    assert len(journal.read_text().splitlines()) == 4


def test_one_run_at_a_time(folder):
    pytest.importorskip("fcntl")
    with Journal(folder / "out"), pytest.raises(OutputError, match="another run"):
        run([folder], folder / "out")
    assert run([folder], folder / "out") == 0


def test_a_command_that_cannot_begin_leaves_the_results_as_they_are(folder):
    run([folder], folder / "out")
    before = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    with pytest.raises(ValueError):
        run([folder, "camera:0"], folder / "out", lambda: folder, engine="ray")
    assert {path.name: path.read_bytes() for path in (folder / "out").iterdir()} == before


class HeldUp(HandModel):
    """Goes on for a while once so many results are there (HELD_UP: folder:number), then waits for its end."""

    more = 10

    def __call__(self, joints_NTV3, frames_N):
        time.sleep(0.005)  # the kill comes before the wait, or in it
        folder, _, most = os.environ["HELD_UP"].rpartition(":")
        if len(list(Path(folder).glob("*.jsonl"))) >= int(most):
            self.more -= 1
            while self.more <= 0:
                time.sleep(1)
        return super().__call__(joints_NTV3, frames_N)


SCRIPT = """
import sys
from pathlib import Path
from tests.app.batch.helpers import run
from tests.app.batch.test_resume import HeldUp
if __name__ == "__main__":
    options = {"csv": True, "resume": True, "workers": int(sys.argv[3])}
    raise SystemExit(run([sys.argv[1]], Path(sys.argv[2]), make_model=HeldUp, **options))
"""


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_killed_at_any_moment_and_gone_on(tmp_path, workers, worked):
    """SIGKILL, again and again: whatever has its name is whole, and the end is the same."""
    inputs, out, whole, count = tmp_path / "in", tmp_path / "out", tmp_path / "whole", 8
    inputs.mkdir()
    for i in range(count):
        save(inputs / f"{i}.npz", joints((3, "wave"), (2, "squat"), (i % 3 + 1, "wave")))
    run([inputs], whole, csv=True)
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(inputs), str(out), str(workers)]
    done, kills = 0, 0
    while done < count:
        more = done + 2
        env = os.environ | {"PYTHONPATH": str(ROOT), "HELD_UP": f"{out}:{more}"}
        process = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE)
        while process.poll() is None and done < more:
            time.sleep(0.05)
            done = len(list(out.glob("*.jsonl")))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        _, told = process.communicate()  # until the workers are gone too: they hold the same pipe
        assert process.returncode in (0, -signal.SIGKILL), told.decode()
        done = len(list(out.glob("*.jsonl")))
        for path in out.glob("*.jsonl"):
            assert path.read_bytes() == (whole / path.name).read_bytes()
    assert kills >= 3
    worked.clear()
    assert run([inputs], out, csv=True, resume=True) == 0
    assert len(worked) <= 3  # what was in hand at the last kill
    assert {name: (out / name).read_bytes() for name in listing(out)} == {
        name: (whole / name).read_bytes() for name in listing(whole)
    }
    assert not (out / PARTS).exists() and not list(out.glob(".*.part"))
    entries = [json.loads(line)[1] for line in (out / JOURNAL).read_text().splitlines()[1:]]
    assert sorted(Path(entry["path"]).name for entry in entries) == [f"{i}.npz" for i in range(count)]
