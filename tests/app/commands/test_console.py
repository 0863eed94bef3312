"""`ikem-live`: one program for the commands of app, training and export, called as it was called."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import app.__main__
import training.__main__
from app.commands.console import TEXTS, main
from models.system.places import ROOT
from models.system.version import version


@pytest.mark.parametrize(
    ("words", "usage"),
    [
        ([], "usage: ikem-live "),
        (["--help"], "usage: ikem-live "),
        (["classify", "--help"], "usage: ikem-live classify "),
        (["bench", "--help"], "usage: ikem-live bench "),
        (["bench", "page", "--help"], "usage: ikem-live bench page "),
        (["bench", "batch", "--rounds", "0"], "usage: ikem-live bench batch "),
        (["bench", "camera", "--fps", "nan"], "usage: ikem-live bench camera "),
        (["train", "--help"], "usage: ikem-live train "),
        (["train", "draw", "--help"], "usage: ikem-live train draw "),
        (["export", "onnx", "--help"], "usage: ikem-live export onnx "),
        (["export", "web", "--help"], "usage: ikem-live export web [-h] [--check] [--out FOLDER]"),
        (["dance"], "usage: ikem-live "),
    ],
)
def test_usage_names_the_program_as_it_was_called(
    words: list[str], usage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    said = capsys.readouterr()
    assert (said.out + said.err).startswith(usage)
    assert caught.value.code == (0 if "--help" in words else 2)
    assert not any(f"python -m {name} " in said.out for name in ("app", "training", "export"))


@pytest.mark.parametrize("command", ["classify", "demo", "convert"])
def test_an_unknown_option_is_refused_with_the_usage_of_its_command(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    needed = {"classify": ["a.mp4", "--out", "x"], "convert": ["a.ikem", "a.csv"], "demo": []}[command]
    with pytest.raises(SystemExit) as caught:
        main([command, *needed, "--bogus", "7"])
    said = capsys.readouterr().err
    assert caught.value.code == 2 and said.startswith(f"usage: ikem-live {command} ")
    assert f"ikem-live {command}: error: unrecognized arguments: --bogus" in said


def test_train_and_export_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--help"], ["foo"]):
        with pytest.raises(SystemExit):
            main(words)
    said = capsys.readouterr()
    for name, text in TEXTS.items():
        assert f"{name} " in said.out and text[:30] in said.out and name in said.err
    args = app.__main__.parser("ikem-live", "", TEXTS).parse_args(["train"])
    with pytest.raises(ValueError, match="train must be the first word"):
        args.run(args)


def test_errors_name_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    absent = str(tmp_path / "no.onnx")
    assert main(["classify", "a.npz", "--out", str(tmp_path / "out"), "--model", absent]) == 2
    assert capsys.readouterr().err.startswith("ikem-live classify: ")
    assert main(["train", "prepare", absent, "--out", str(tmp_path / "store")]) == 1
    assert capsys.readouterr().err.startswith("ikem-live train: ")
    assert main(["export", "triton", absent, "--out", str(tmp_path / "repository")]) == 1
    assert capsys.readouterr().err.startswith("ikem-live export: ")


def test_the_old_names_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert training.__main__.main(["prepare", str(tmp_path / "no"), "--out", str(tmp_path / "store")]) == 1
    assert capsys.readouterr().err.startswith("training: ")
    with pytest.raises(SystemExit):
        app.__main__.main(["classify", "--help"])
    shown = capsys.readouterr().out
    assert shown.startswith("usage: python -m app classify ") and "\n  python -m app classify holiday.mp4" in shown


@pytest.mark.parametrize("program", [["-m", "app"], ["-m", "app.commands.console"]])
def test_version(program: list[str]) -> None:
    done = subprocess.run([sys.executable, *program, "--version"], cwd=ROOT, capture_output=True, text=True)
    name = "ikem-live" if program[-1].endswith("console") else "python -m app"
    assert (done.returncode, done.stdout) == (0, f"{name} {version()}\n"), done.stderr


@pytest.mark.parametrize(
    ("missing", "words", "sentence"),
    [
        ("torch", ["train", "pretrain", "--data", "x", "--out", "y"], "ikem-live train: training needs PyTorch"),
        ("training", ["train", "--help"], "ikem-live train: training needs PyTorch"),
        ("tqdm", ["train", "prepare", "x", "--out", "y"], "ikem-live train: training needs tqdm"),
        ("torch", ["export", "onnx"], "ikem-live export: exporting needs PyTorch"),
    ],
)
def test_one_sentence_where_the_extra_is_missing(missing: str, words: list[str], sentence: str) -> None:
    program = (
        f"import sys\nsys.modules[{missing!r}] = None\nfrom app.commands.console import main\nsys.exit(main({words!r}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        2,
        f"{sentence}: install the extra `train` (pipx install --force '.[train]'), or make setup-dev in a checkout\n",
    )


HEAVY = ("torch", "numpy", "onnxruntime", "mediapipe", "gradio", "av", "cv2", "ray", "tqdm")


@pytest.mark.parametrize(
    "words", [["--help"], ["demo", "--help"], ["train", "pretrain", "--help"], ["export", "onnx", "--help"]]
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys\nfrom app.commands.console import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.parametrize("door", ["page_bench", "bench_batch", "camera_bench"])
def test_doors_of_the_benchmarks(door: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(sys, "argv", [door, "--help"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module(f"app.{door}", run_name="__main__")
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m app.{door} ")
