"""Whatever a file holds: one sentence on what is wrong with it, no traceback, and the others are done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.system.places import ROOT
from tests.app.batch.damage import damaged_files, odd_archives, sound_files
from tests.app.batch.helpers import FakePose, joints, listing, rows, run, save
from tests.app.helpers import write_video

SEED = 20
INTERNAL = ("Traceback", "Error(", "Error:", "<", "0x", "numpy", "np.", "__", "allow_pickle", "\n")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return sound_files(tmp_path_factory.mktemp("sound") / "sound")


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """Packing the bombs takes seconds: they are made once."""
    return odd_archives(tmp_path_factory.mktemp("odd"))


def check(inputs, out, complaints):
    """Every input is in the summary, each failure is told once, in one sentence of plain words, and only those."""
    found, told = rows(out), {}
    for line in complaints:
        path, _, reason = line.partition(": ")
        assert path not in told, line
        told[path] = reason
    for path in map(Path, inputs):
        own = [row for name, row in found.items() if name.partition("#")[0] == path.name]
        assert own, path
        failed = [row for row in own if row["status"].startswith("error: ")]
        assert bool(failed) == (str(path) in told), path
        if failed:
            reason = told[str(path)]
            assert failed[0]["status"] == f"error: {reason}" and 10 < len(reason) < 200
            assert not any(word in reason for word in INTERNAL) and "(TypeError" not in reason, reason
        else:
            assert (out / f"{path.stem}.jsonl").exists() or (out / f"{path.stem}#0.jsonl").exists()
    return len(told)


def test_sixty_damaged_files_and_odd_archives(tmp_path, sound, odd, monkeypatch, capsys):
    monkeypatch.setattr("app.pose.landmarker.PoseSource", FakePose)
    inputs = damaged_files(tmp_path / "in", 60, SEED, sound) + odd
    options = {"annotate": True, "skeletons": True, "vtt": True, "csv": True, "quiet": True}
    assert run([*sound, *inputs], tmp_path / "out", lambda: tmp_path, **options) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and len(shown.err.splitlines()) == check(
        [*sound, *inputs], tmp_path / "out", shown.err.splitlines()
    )
    assert len(shown.err.splitlines()) > 60
    whole = {f"{path.stem}.jsonl" for path in sound if path.stem != "set"}
    assert whole <= set(listing(tmp_path / "out"))
    assert not any(name.startswith(".classify-parts") for name in listing(tmp_path / "out"))


def test_a_bomb_is_not_unpacked(odd):
    """Its claim alone is enough to refuse it."""
    import tracemalloc

    from models.clips import ClipFileError, read_clips

    bombs = {path.name: path for path in odd}
    tracemalloc.start()
    try:
        with pytest.raises(ClipFileError, match="would fill 286 MB"):
            list(read_clips(bombs["bomb.npz"]))
        assert len(list(read_clips(bombs["side_bomb.npz"]))) == 1  # what nobody asked for is not read
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_two_hundred_damaged_files_with_the_real_thing(tmp_path, sound, action_model, pose_model_path):
    inputs = damaged_files(tmp_path / "in", 200, SEED + 1, sound) + odd_archives(tmp_path / "in")
    command = [sys.executable, "-m", "app", "classify", *map(str, sound), str(tmp_path / "in"), "--workers", "2"]
    command += [
        "--model",
        str(action_model),
        "--out",
        str(tmp_path / "out"),
        "--annotate",
        "--skeletons",
        "--vtt",
        "--quiet",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr[-3000:]
    assert check([*sound, *inputs], tmp_path / "out", done.stderr.splitlines()) > 100
    assert all(
        row["status"].split(":")[0] in ("ok", "no person", "too short", "error")
        for row in rows(tmp_path / "out").values()
    )


def test_what_is_no_file_is_told_and_the_others_are_done(tmp_path, capsys):
    """A link in a circle, a name too long, and a pipe, which would be waited for without end."""
    (tmp_path / "round.npz").symlink_to("round.npz")
    os.mkfifo(tmp_path / "pipe.npz")
    good = save(tmp_path / "good.npz", joints((1, "wave")))
    inputs = [tmp_path / "round.npz", tmp_path / "pipe.npz", tmp_path / f"{'x' * 300}.mp4", good]
    assert run(inputs, tmp_path / "out", lambda: tmp_path, quiet=True) == 1
    check(inputs, tmp_path / "out", capsys.readouterr().err.splitlines())
    assert listing(tmp_path / "out") == ["good.jsonl", "summary.csv"]


def test_an_input_of_no_letters_is_no_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="empty text"):
        run([""], tmp_path / "out")
    assert listing(tmp_path) == []


@pytest.mark.parametrize("size", [(2, 2), (2, 720), (1280, 2), (16, 16)])
def test_pictures_too_small_for_anybody(tmp_path, size, pose_model_path, shipped_model):
    from app.batch.options import Options
    from app.batch.run import Run

    picture = np.full((size[1], size[0], 3), 128, np.uint8)
    path = write_video(tmp_path / "tiny.mp4", np.arange(5) / 10, size=size, picture=picture)
    options = Options(out=tmp_path / "out", annotate=True)
    assert Run([str(path)], options, shipped_model, "x", lambda: shipped_model, lambda: pose_model_path)() == 0
    assert rows(tmp_path / "out")["tiny.mp4"]["status"] == "no person"
