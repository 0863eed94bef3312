"""From a source to a finished store: counts, warnings, resuming, and what goes wrong on the way."""

import errno
import json
import os
import subprocess
import sys

import numpy as np
import pytest

import training.data.prepare
import training.data.store_parts
from models.clips import Clip, read_clips, write_clips
from models.skeleton import MIRROR
from models.system.places import ROOT
from tests.training.data.written import NAME, one_person, person
from training.__main__ import main
from training.data.prepare import prepare
from training.data.readers.ntu import NtuReader
from training.data.store import FRAMES, Store, preprocess


def ntu_source(folder, count=12):
    folder.mkdir(exist_ok=True)
    for i in range(count):
        name = f"S001C{i % 3 + 1:03d}P{i % 4 + 1:03d}R001A{i % 6 + 1:03d}"
        (folder / f"{name}.skeleton").write_text(one_person(14 + i, swing=0.05 * i))
    return folder


def clip_source(path, clips=30, mirrored=False):
    made = []
    for i in range(clips):
        joints = person(12 + i, swing=0.01 * i)
        joints = joints * [-1, 1, 1] if mirrored else joints
        made.append(Clip(joints.astype(np.float32), 30.0, ("wave", "clap")[i % 2], "", i % 5 + 1, i % 3 + 1))
    write_clips(path, made)
    return path


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(NtuReader, "files_a_part", 3)


def test_a_clip_file_becomes_a_store(tmp_path):
    path, notes = clip_source(tmp_path / "set.npz"), []
    counts = prepare(path, tmp_path / "store", note=notes.append)
    assert (counts.kind, counts.clips, counts.pairs, counts.labels, counts.skipped) == ("clips", 30, 0, 2, 0)
    assert counts.splits == {"xview": (20, 10), "xsub": (18, 12)}
    assert "split xview: 20 train, 10 test" in notes and not any("WARNING" in line for line in notes)
    store = Store(tmp_path / "store")
    assert store.labels == ("clap", "wave") and store.label_N.tolist() == [1, 0] * 15
    clip = list(read_clips(path))[7]
    np.testing.assert_array_equal(store.rows[7], preprocess(clip.joints_TV3, clip.seen_T))
    assert (store.frames_N[7], store.subject_N[7], store.view_N[7]) == (19, 3, 2)
    train, test = store.split("xview")
    assert set(store.view_N[train]) == {1, 2} and set(store.view_N[test]) == {3}
    assert sorted(p.name for p in (tmp_path / "store").iterdir()) == [
        "index.npz",
        "prepare.json",
        "skeletons.npy",
        "store.json",
    ]


def test_two_people_are_two_rows(shared_data, tmp_path):
    notes = []
    counts = prepare(shared_data / "ntu_samples", tmp_path / "store", note=notes.append)
    assert (counts.clips, counts.pairs, counts.labels) == (12, 1, 60) and counts.splits["xview"] == (1, 11)
    store = Store(tmp_path / "store")
    pair = int(np.flatnonzero(store.people_N == 2)[0])
    batch = store.batch(np.array([0, pair]))
    assert batch.joints_NPTVC.shape == (2, 2, FRAMES, 25, 3) and batch.present_NP.tolist() == [
        [True, False],
        [True] * 2,
    ]
    assert store.labels[store.label_N[pair]] == "shake hands"
    assert any("40091 train, 16487 test" in line and "12 of 56578 clips are here" in line for line in notes)


def test_broken_files_are_named_and_the_rest_goes_on(tmp_path, small_parts):
    source, notes = ntu_source(tmp_path / "source"), []
    whole = one_person(15)
    (source / f"{NAME}.skeleton").write_text(whole[: len(whole) // 2])
    (source / "notes.skeleton").write_bytes(bytes(range(256)))
    counts = prepare(source, tmp_path / "store", workers=1, note=notes.append)
    assert counts.clips == 12 and counts.skipped == 2
    assert any(NAME in line and "cut off" in line for line in notes) and any("notes.skeleton" in line for line in notes)
    assert len((tmp_path / "store" / "skipped.txt").read_text().splitlines()) == 2


@pytest.mark.parametrize(("broken", "code"), [(5, 0), (6, 1)])
def test_half_of_a_set_is_a_failure(tmp_path, capsys, broken, code):
    """The store is written, but a script stops before it trains on it."""
    source = ntu_source(tmp_path / "source")
    for path in sorted(source.iterdir())[:broken]:
        path.write_text("")
    assert main(["prepare", str(source), "--out", str(tmp_path / "store"), "--workers", "1"]) == code
    assert len(Store(tmp_path / "store")) == 12 - broken
    said = capsys.readouterr().err
    assert ("6 clips, but 6 files or clips could not be used" in said and "skipped.txt" in said) == bool(code)


def test_what_is_not_read_is_told(tmp_path):
    source, notes = tmp_path / "source", []
    (source / "deep").mkdir(parents=True)
    clip_source(source / "set.NPZ")
    clip_source(tmp_path / "elsewhere.npz").rename(source / "deep" / "._set.npz")
    (source / "deep" / "notes.txt").write_text("nothing")
    (source / "deep" / "loop").symlink_to(source)
    assert prepare(source, tmp_path / "store", note=notes.append).clips == 30
    assert notes[0].startswith("1 file left out, none of the .npz files") and notes[0].endswith(": notes.txt")
    assert notes[1].endswith(f"left out: {source / 'deep' / 'loop'}")


def test_nothing_readable(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / f"{NAME}.skeleton").write_text("")
    with pytest.raises(ValueError, match=f"not one clip.*{NAME}"):
        prepare(tmp_path / "source", tmp_path / "store")
    assert not (tmp_path / "store" / "store.json").exists()


def test_mirrored_coordinates_are_warned_of(tmp_path):
    notes = []
    prepare(clip_source(tmp_path / "set.npz", mirrored=True), tmp_path / "store", note=notes.append)
    assert any("mirrored" in line for line in notes)
    joints = person(9)[:, MIRROR] * [-1, 1, 1]  # sides exchanged as well: a real body again
    write_clips(tmp_path / "set.npz", [Clip(joints.astype(np.float32), 30.0)] * 20)
    notes.clear()
    prepare(tmp_path / "set.npz", tmp_path / "again", note=notes.append)
    assert not any("mirrored" in line for line in notes)


def test_a_run_that_was_cut_off_goes_on(tmp_path, monkeypatch, small_parts):
    source, made = ntu_source(tmp_path / "source"), []
    prepare(source, tmp_path / "whole", workers=1)

    class Cut(BaseException):
        pass

    def make_part(job):
        if len(made) == 2:
            raise Cut
        made.append(job.number)
        return training.data.store_parts.make_part(job)

    monkeypatch.setattr(training.data.prepare, "make_part", make_part)
    with pytest.raises(Cut):
        prepare(source, tmp_path / "cut", workers=1)
    with pytest.raises(ValueError, match="finished clip store"):
        Store(tmp_path / "cut")
    made.append("again")
    prepare(source, tmp_path / "cut", workers=1)
    assert made == [0, 1, "again", 2, 3]
    assert Store(tmp_path / "cut").hash == Store(tmp_path / "whole").hash
    assert not (tmp_path / "cut" / "parts").exists()


def test_parts_of_other_files_are_not_taken_up(tmp_path, monkeypatch, small_parts):
    source, notes = ntu_source(tmp_path / "source"), []
    monkeypatch.setattr(training.data.prepare, "gather", lambda paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        prepare(source, tmp_path / "store", workers=1)
    monkeypatch.undo()
    changed = source / "S001C001P001R001A001.skeleton"
    changed.write_text(one_person(40, swing=0.7))
    prepare(source, tmp_path / "store", workers=1, note=notes.append)
    assert any("starting anew" in line for line in notes)
    store = Store(tmp_path / "store")
    assert store.frames_N[store.index["name"] == changed.stem].tolist() == [40]


def test_clips_of_nobody_in_particular_have_no_split_and_the_way_to_one_is_told(tmp_path):
    clips = [Clip(person(20, swing=0.1 * k).astype(np.float32), 30.0, label="ab"[k % 2]) for k in range(4)]
    write_clips(tmp_path / "mine.npz", clips)
    notes = []
    assert not prepare(tmp_path / "mine.npz", tmp_path / "store", note=notes.append).splits
    assert "number the actors" in "\n".join(notes)


def test_a_finished_store_is_kept(tmp_path):
    path, notes = clip_source(tmp_path / "set.npz"), []
    counts = prepare(path, tmp_path / "store")
    before = (tmp_path / "store" / "skeletons.npy").stat().st_mtime_ns
    assert prepare(path, tmp_path / "store", note=notes.append) == counts and "finished already" in notes[0]
    assert (tmp_path / "store" / "skeletons.npy").stat().st_mtime_ns == before
    with pytest.raises(ValueError, match="another source"):
        prepare(ntu_source(tmp_path / "ntu"), tmp_path / "store")
    assert len(Store(tmp_path / "store")) == 30


def test_workers_side_by_side_write_the_same_store(tmp_path, small_parts):
    source = ntu_source(tmp_path / "source")
    prepare(source, tmp_path / "one", workers=1)
    prepare(source, tmp_path / "two", workers=2)
    assert Store(tmp_path / "one").hash == Store(tmp_path / "two").hash


@pytest.mark.parametrize("where", ["replacing", "write_rows"])
def test_a_full_disk(where, tmp_path, monkeypatch):
    path = clip_source(tmp_path / "set.npz")
    module = training.data.store_parts if where == "replacing" else training.data.prepare

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, where, full)
        with pytest.raises(ValueError, match="is full"):
            prepare(path, tmp_path / "store")
    with pytest.raises(ValueError, match="finished clip store"):
        Store(tmp_path / "store")
    assert prepare(path, tmp_path / "store").clips == 30


@pytest.mark.parametrize(
    ("source", "settings", "says"),
    [
        ("absent", {}, "no such file"),
        ("empty", {}, "nothing that can be prepared"),
        ("set.npz", {"kind": "ntu"}, "holds no files named like S001"),
        ("set.npz", {"kind": "pku"}, "skeletons in one folder"),
        ("set.npz", {"kind": "kinect"}, "no kind 'kinect'"),
        ("set.npz", {"missing": "set.npz"}, "for NTU"),
        ("set.npz", {"workers": 0}, "at least 1"),
        ("", {"kind": "clips"}, "lies in"),
    ],
)
def test_mistakes(source, settings, says, tmp_path):
    (tmp_path / "empty").mkdir()
    clip_source(tmp_path / "set.npz", clips=2)
    with pytest.raises(ValueError, match=says):
        prepare(tmp_path / source, tmp_path / "store", **settings)
    assert not (tmp_path / "store").exists()


@pytest.mark.slow
def test_nw_ucla_has_the_published_split(shared_data, tmp_path):
    counts = prepare(shared_data / "skeletons" / "nw_ucla.npz", tmp_path / "store")
    assert counts.clips == 1482 and counts.splits["xview"] == (1019, 463) and counts.labels == 10


@pytest.mark.slow
def test_the_command_survives_a_kill(tmp_path):
    source, store = ntu_source(tmp_path / "source", 12), tmp_path / "store"
    for i in range(800):
        (source / f"S002C001P001R{i // 120 + 1:03d}A{i % 120 + 1:03d}.skeleton").write_text(one_person(60, swing=0.3))
    command = [sys.executable, "-m", "training", "prepare", str(source), "--out", str(store)]
    running = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    while len(list(store.glob("parts/part_*.npz"))) < 2:
        assert running.poll() is None, running.stderr.read()
    running.kill()
    running.wait()
    done = len(list(store.glob("parts/part_*.npz")))
    assert done >= 2 and not (store / "store.json").exists()
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr
    assert len(Store(store)) == 812 and "split xset" in again.stdout
    assert json.loads((store / "prepare.json").read_text())["counts"]["clips"] == 812


def test_bodies_upside_down_are_warned_of_and_other_units_left_out(tmp_path):
    folder, notes = tmp_path / "sets", []
    folder.mkdir()
    np.savez(folder / "down.npz", frames=person(30) * [1, -1, 1], fps=30.0)
    np.savez(folder / "feet.npz", frames=person(30) * 3.281, fps=30.0)
    among = np.concatenate([person(30), person(30) * 1000, person(30)])
    np.savez(folder / "among.npz", frames=among, start=[0, 30, 60], length=[30] * 3, fps=[30.0] * 3)
    counts = prepare(folder, tmp_path / "store", note=notes.append)
    assert (counts.clips, counts.skipped) == (3, 2)
    assert any("among.npz: clip 1: " in line and "millimetres" in line for line in notes)
    assert any("WARNING: 1 clip: the head is below the hips" in line for line in notes)
    assert any(line.startswith("left out: ") and "feet" in line for line in notes)


def test_pipes_and_links_that_lead_nowhere_are_told_and_the_rest_is_read(tmp_path):
    source, said = ntu_source(tmp_path / "in", 2), []
    os.mkfifo(source / "S001C003P003R001A003.skeleton")
    (source / "S001C003P003R001A004.skeleton").symlink_to("/nowhere")
    elsewhere = ntu_source(tmp_path / "elsewhere", 1)
    (elsewhere / "S001C001P001R001A001.skeleton").rename(elsewhere / "S002C001P001R001A001.skeleton")
    (source / "more").symlink_to(elsewhere)
    assert prepare(source, tmp_path / "out", note=said.append).clips == 3  # links to folders are followed
    assert said[0].startswith("2 files left out, links that lead nowhere, pipes or devices")


def test_a_file_is_no_folder_for_a_store(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(ValueError, match="out is a file: --out names a folder"):
        prepare(ntu_source(tmp_path / "in", 1), tmp_path / "out" / "store")


def test_an_error_of_the_system_is_told_by_its_own_words(tmp_path, monkeypatch):
    source, said = ntu_source(tmp_path / "in", 2), []
    broken = OSError(errno.EIO, os.strerror(errno.EIO), "/a/path")
    monkeypatch.setattr("training.data.readers.ntu.read_text", lambda path: one(path, broken))
    assert prepare(source, tmp_path / "out", note=said.append, workers=1).clips == 1
    assert f"left out: S001C001P001R001A001.skeleton: {os.strerror(errno.EIO)}" in said


def one(path, broken):
    if "C001" in path.name:
        raise broken
    return one_person(14)
