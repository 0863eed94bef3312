"""`--pack` and `--only` of classify and demo: a real model file with a pack of drawn motions."""

from __future__ import annotations

import csv
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.__main__ import main
from app.commands.classify import add_arguments, run
from app.teach.pack import read_pack, write_pack
from app.teach.teacher import Teacher
from tests.app.teach.helpers import FPS, repeated, still
from training.drawing.motions import make_motion


@pytest.fixture(scope="module")
def pack(teachable: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Jumping jacks under another name."""
    from export.runtime import ActionModel

    teacher = Teacher(ActionModel(teachable, device="cpu", threads=1), teachable)
    path = tmp_path_factory.mktemp("pack") / "my.pack"
    write_pack(teacher.add(teacher.pack(), "my star", teacher.clips(repeated("jumping_jack", 4))), path)
    return path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    joints = np.concatenate([still(2), make_motion("jumping_jack", 4.0, FPS, 77), still(2)]).astype(np.float32)
    np.savez(tmp_path / "film.npz", frames=joints, fps=FPS)
    return tmp_path / "film.npz"


def classify(film: Path, model: Path, *more: object) -> str:
    """The summary's label."""
    out = film.parent / "out"
    options = ["--model", model, "--device", "cpu", "--out", out, "--quiet", *more]
    assert main(["classify", str(film), *map(str, options)]) == 0
    with open(out / "summary.csv", encoding="utf-8", newline="") as file:
        return next(csv.DictReader(file))["label"]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_classify_knows_what_was_taught(film: Path, teachable: Path, pack: Path, workers: int) -> None:
    more = ["--workers", workers]
    assert classify(film, teachable, *more) != "my star"
    assert classify(film, teachable, "--pack", pack, "--only", *more) == "my star"
    assert classify(film, teachable, "--pack", pack, "--labels", "my star", *more) == "my star"


@pytest.mark.slow
def test_resume_notices_another_pack(
    film: Path, teachable: Path, pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    kept = lambda *more: (classify(film, teachable, "--resume", *more), capsys.readouterr().out)[1]  # noqa: E731
    again = tmp_path / "again.pack"
    shutil.copyfile(pack, again)
    options = [[], ["--pack", pack], ["--pack", pack, "--only"]]
    out = film.parent / "out" / "film.jsonl"
    for more in options:
        kept(*more)
        first = out.stat().st_mtime_ns
        kept(*more)
        assert out.stat().st_mtime_ns == first, f"{more}: it was done again"
    kept("--pack", again, "--only")
    assert out.stat().st_mtime_ns == first, "a pack of the same content is the same"
    kept("--pack", pack)
    assert out.stat().st_mtime_ns != first


@pytest.mark.slow
def test_a_worker_can_make_the_model(film: Path, teachable: Path, pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import argparse

    made = []
    monkeypatch.setattr("app.batch.run.Run.__init__", lambda self, *args: made.extend(args))
    monkeypatch.setattr("app.batch.run.Run.__call__", lambda self: 0)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args([str(film), "--out", "x", "--pack", str(pack), "--workers", "2"])
    args.model, args.device, args.threads, args.pose = teachable, "cpu", 1, "wheel"
    assert run(args) == 0
    make_model = next(value for value in made if getattr(value, "func", None) is not None)
    assert pickle.loads(pickle.dumps(make_model))().taught == ("my star",)


def test_a_name_that_the_model_uses(film: Path, teachable: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    """Said when it is taught, not only when the pack is used."""
    options = [str(film), "--pack", str(tmp_path / "new.pack"), "--model", str(teachable), "--device", "cpu"]
    known = "waving"
    assert main(["teach", known, *options]) == 0
    way = f"teach --forget {known} --pack {tmp_path / 'new.pack'}` takes it out of the pack"
    ways = f"teach it under another name, or use the pack with --only; `python -m app {way}"
    assert ways in capsys.readouterr().err
    assert main(["classify", *options, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "use the pack with --only" in said and f"teach --forget {known} --pack PACK` takes it out" in said
    (tmp_path / "new.pack").unlink()
    assert main(["teach", "Idle", *options]) == 2
    assert "choose another name" in capsys.readouterr().err and not (tmp_path / "new.pack").exists()


def test_forgetting_in_a_pack_of_another_model(
    teachable: Path, pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    """It would fit a head to that model's examples and this one's background."""
    from export.runtime import ActionModel

    teacher = Teacher(ActionModel(teachable, device="cpu", threads=1), teachable)
    both = teacher.add(read_pack(pack), "my wave", teacher.clips(repeated("wave", 2)))
    other = tmp_path / "other.pack"
    write_pack(replace(both, embedding="another"), other)
    before = other.read_bytes()
    assert main(["teach", "--forget", "my wave", "--pack", str(other), "--model", str(teachable)]) == 2
    assert "made with another model" in capsys.readouterr().err and other.read_bytes() == before


def test_teach_names_a_file_that_is_no_video_once(
    teachable: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    video = tmp_path / "text.mp4"
    video.write_text("no video")
    assert main(["teach", "salute", str(video), "--pack", str(tmp_path / "a.pack"), "--model", str(teachable)]) == 2
    assert capsys.readouterr().err.startswith(f"{video}: not a readable video")


@pytest.mark.slow
@pytest.mark.parametrize("command", [["demo"], ["classify", "a.npz", "--out", "x"]])
def test_one_sentence_for_a_wrong_pack(
    command: list[str], teachable: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.pack").write_bytes(b"no pack")
    for options, said in (
        (["--only"], "--only needs a pack"),
        (["--pack", "none.pack"], "there is no such pack"),
        (["--pack", "bad.pack"], "not a pack, or a damaged one"),
    ):
        assert main([*command, "--model", str(teachable), "--device", "cpu", *options]) == 2
        wrong = capsys.readouterr().err
        assert wrong.count("\n") == 1 and said in wrong, wrong
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pack"]
