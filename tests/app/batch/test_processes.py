"""Inputs in several processes: all done, one answer each, and a worker that dies costs the input in its hands."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

from app.batch import engine_processes
from app.batch.engine_processes import work_in_processes
from app.batch.jobs import make_jobs
from app.batch.options import Options, WorkerSetup
from app.batch.outputs import PARTS
from app.batch.stop import Stop
from app.batch.work import Worker
from tests.app.batch.helpers import joints, lines, listing, rows, run, save
from tests.app.helpers import HandModel, write_video

GIANT = 1.8


class Nobody:
    def at(self, *_):
        pass

    def event(self, *_):
        pass

    def say(self, *_):
        pass


class Deadly(HandModel):
    """Ends its process at a window of a giant."""

    def __call__(self, joints_NTV3, frames_N):
        if joints_NTV3.max() > 0.7:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(joints_NTV3, frames_N)


class Broken(HandModel):
    def __init__(self):
        raise ValueError("no such model here")


class Slow(HandModel):
    """Takes its time, so that somebody can do something in between."""

    def __call__(self, joints_NTV3, frames_N):
        time.sleep(0.02)
        return super().__call__(joints_NTV3, frames_N)


def clips(folder, names, *script):
    return [save(folder / f"{name}.npz", joints(*(script or ((3, "wave"), (2, "squat"))))) for name in names]


def test_the_same_results_as_in_one_process(tmp_path, capsys):
    inputs = [*clips(tmp_path, "abcde"), tmp_path / "missing.npz"]
    options = {"csv": True, "vtt": True, "json_lines": True}
    assert run(inputs, tmp_path / "one", **options) == run(inputs, tmp_path / "two", workers=2, **options) == 1
    one, two = tmp_path / "one", tmp_path / "two"
    assert listing(one) == listing(two)
    for name in listing(one):  # the order of the inputs, whoever was done first
        assert (one / name).read_bytes() == (two / name).read_bytes()
    told = capsys.readouterr().out.splitlines()
    half = len(told) // 2
    assert sorted(told[:half]) == sorted(told[half:])
    assert half == sum(len(lines(path)) for path in one.glob("*.jsonl")) >= 5


def test_a_worker_that_dies_costs_one_input(tmp_path, capsys):
    inputs = clips(tmp_path, "abdefg")
    save(tmp_path / "c.npz", joints((3, "wave")) * GIANT)
    assert run(inputs + [tmp_path / "c.npz"], tmp_path / "out", make_model=Deadly, workers=2) == 1
    found = rows(tmp_path / "out")
    assert [name for name, row in found.items() if row["status"] != "ok"] == ["c.npz"]
    assert found["c.npz"]["status"].startswith("error: the process that worked on it was killed")
    assert listing(tmp_path / "out") == [f"{name}.jsonl" for name in "abdefg"] + ["summary.csv"]
    assert not (tmp_path / "out" / PARTS).exists() and "c.npz: the process" in capsys.readouterr().err


def test_all_workers_may_die(tmp_path):
    for name in "abc":
        save(tmp_path / f"{name}.npz", joints((3, "wave")) * GIANT)
    assert run([tmp_path], tmp_path / "out", make_model=Deadly, workers=2) == 1
    assert len(rows(tmp_path / "out")) == 3 and listing(tmp_path / "out") == ["summary.csv"]


def test_a_worker_that_cannot_begin_ends_the_run(tmp_path):
    setup = WorkerSetup(options=Options(out=tmp_path / "out"), make_model=Broken)
    jobs = make_jobs(clips(tmp_path, "ab"))
    with pytest.raises(ValueError, match="no such model here"):
        list(work_in_processes(jobs, setup, 2, Nobody(), Stop()))


def test_stopping_leaves_what_is_begun_undone(tmp_path):
    long = clips(tmp_path, "ab", *[(2, "wave"), (2, "squat")] * 100)
    setup = WorkerSetup(options=Options(out=tmp_path / "out"), make_model=Slow)
    stop, begun = Stop(), threading.Event()

    def at(*_):
        begun.set()

    listener = Nobody()
    listener.at = listener.event = at
    threading.Thread(target=lambda: (begun.wait(60), stop.set()), daemon=True).start()
    found = list(work_in_processes(make_jobs(long + clips(tmp_path, "c")), setup, 2, listener, stop))
    assert [done.stopped for _, done in found] == [True, True]  # the third is not begun
    assert not any((tmp_path / "out").glob("*.jsonl"))


def test_what_is_stopped_before_it_begins_opens_nothing(tmp_path):
    def never():
        raise AssertionError("opened")

    stop = Stop()
    stop.set()
    setup = WorkerSetup(options=Options(out=tmp_path / "out"), make_model=HandModel, make_pose=never)
    (film,) = make_jobs([write_video(tmp_path / "a.mp4", [0.0, 0.1])])
    assert Worker(setup).do(film, Nobody(), stop).stopped and not (tmp_path / "out").exists()


def test_workers_end_with_whoever_started_them(tmp_path):
    """A parent that is killed can end nobody: its workers see that it is gone."""
    setup = WorkerSetup(options=Options(out=tmp_path / "out"), make_model=Slow)
    process = engine_processes._Process(setup)
    process.give(make_jobs(clips(tmp_path, "a", *[(2, "wave"), (2, "squat")] * 100))[0])
    assert process.talk.poll(60)  # it works
    process._leash.close()
    process._process.join(30)
    assert process._process.exitcode == 1
    process.end()


def test_a_clip_that_is_broken_in_the_middle_of_its_file(tmp_path):
    frames = np.concatenate([joints((3, "wave")), joints((3, "squat"))])
    np.savez(tmp_path / "set.npz", frames=frames, start=[0, 90], length=[90, 90], fps=[30.0, -1.0])
    assert run([tmp_path / "set.npz", *clips(tmp_path, "b")], tmp_path / "out", workers=2) == 1
    found = rows(tmp_path / "out")
    assert [row["status"].split(":")[0] for row in found.values()] == ["ok", "error", "ok"]
    assert [event["label"] for event in lines(tmp_path / "out" / "set#0.jsonl")] == ["wave"]
